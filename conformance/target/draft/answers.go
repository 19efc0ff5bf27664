// Package draft writes target files from the answers of a person.
package draft

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Answers describe a server without the control API.
type Answers struct {
	URL                                           string
	Name, Organisation, Product, Version, Contact string

	ApplicationID, PrivateKey string
	APIKey, APISecret         string // the secret is the name of an environment variable, like SecretKey

	// Foreign is an application of another customer; its secret is the name of a variable too.
	Foreign foreign

	CallbackListen, CallbackURL string

	Files                        string // FilesByLink, FilesInBucket or FilesAtSuite
	Endpoint, Region             string
	StoreListen, StoreURL        string
	Bucket, AccessKey, SecretKey string

	Events string // yes or no

	Publisher          string // PublishStandard, PublishElsewhere, or another driver of package config
	WHIPURL, EventsURL string // templates
	Command            string // with its arguments

	Capabilities string // with commas; those that follow from other answers are added
}

// foreign holds the credentials of another customer.
type foreign struct{ ApplicationID, PrivateKey, APIKey, APISecret string }

// Where the files of archives are.
const (
	FilesByLink   = "link"   // in the built-in cloud of the target
	FilesInBucket = "bucket" // in a bucket of somebody else
	FilesAtSuite  = "suite"  // in a store that the suite serves
)

// How clients publish. Two more are the drivers command and browser.
const (
	PublishStandard  = config.WHIPDriver // at the paths of openapi.yaml
	PublishElsewhere = "url"             // over WHIP, at a URL of their own
)

// Question asks for one of the answers.
type Question struct {
	Flag string
	Text string
	// Answer is the answer.
	Answer *string
	// Default returns the answer in place of none; nil is none.
	Default func() string
	// Required says whether there must be an answer; nil is never.
	Required func() bool
	// None says that none is an answer too, and means an empty one.
	None bool
	// Lacking is what to say when there must be an answer and is none; the default is the text.
	Lacking string
	// Applies says whether earlier answers leave the question open; nil is always.
	Applies func() bool
	// Check returns what is wrong with the answer; nil is nothing.
	Check func(string) error
}

// Questions returns the questions in the order in which to ask them.
func (a *Answers) Questions() []Question {
	always := func(s string) func() string { return func() string { return s } }
	yes := func() bool { return true }
	unified := func() bool { return a.ApplicationID != "" }
	legacy := func() bool { return a.APIKey != "" }
	called := func() bool { return a.CallbackListen != "" && a.CallbackListen != none }
	bucket := func() bool { return a.Files == FilesInBucket }
	store := func() bool { return a.Files == FilesAtSuite }
	ours := func() string { // the suite makes its own bucket and keys
		if store() {
			return "reelcheck"
		}
		return ""
	}
	elsewhere := func() bool { return a.Publisher == PublishElsewhere }
	uploaded := func() bool { return a.Files != FilesByLink }
	return []Question{
		{Flag: "url", Text: "base URL of the REST API, such as https://video.api.example.com", Answer: &a.URL, Required: yes, Check: absolute},
		{Flag: "name", Text: "short name of the server, for reports", Answer: &a.Name, Default: a.host},
		{Flag: "organisation", Text: "who makes it", Answer: &a.Organisation},
		{Flag: "product", Text: "what it is called", Answer: &a.Product},
		{Flag: "product-version", Text: "which version of it", Answer: &a.Version},
		{Flag: "contact", Text: "mail address or URL for questions about the report", Answer: &a.Contact},
		{Flag: "application-id", Text: "id of the application; none if the server knows only API keys", Answer: &a.ApplicationID, None: true},
		{Flag: "private-key", Text: "file with the private key of the application (PEM)", Answer: &a.PrivateKey, Required: yes, Applies: unified, Check: a.key},
		{Flag: "api-key", Text: "API key; none if the server knows only applications", Answer: &a.APIKey, None: true, Required: func() bool { return a.ApplicationID == "" },
			Lacking: "an API key: there is no application id, and the suite logs in by one of them; to give an id, begin again", Check: digits},
		{Flag: "api-secret-variable", Text: "environment variable with the API secret (its name: secrets do not go into the file)", Answer: &a.APISecret, Default: always("REELCHECK_API_SECRET"), Applies: legacy, Check: variable},
		{Flag: "callback-listen", Text: "address and port where the suite listens for callbacks, such as 127.0.0.1:9080 or 0.0.0.0:9080; none if the server cannot reach the suite, or calls public addresses alone", Answer: &a.CallbackListen, Default: a.called, Check: listener},
		{Flag: "callback-url", Text: "URL by which the server reaches that address; any path works", Answer: &a.CallbackURL, Default: reachable(&a.CallbackListen), Required: yes, Applies: called, Check: absolute},
		{Flag: "files", Text: "where the files of archives are: link (download link), bucket (your S3 bucket) or suite (an S3 store that the suite serves)", Answer: &a.Files, Default: always(FilesByLink), Check: oneOf(FilesByLink, FilesInBucket, FilesAtSuite)},
		{Flag: "s3-endpoint", Text: "URL of the S3 service", Answer: &a.Endpoint, Required: yes, Applies: bucket, Check: absolute},
		{Flag: "s3-region", Text: "region of the bucket", Answer: &a.Region, Default: always("us-east-1"), Applies: uploaded},
		{Flag: "s3-listen", Text: "address and port where the suite serves the store; a server that calls public addresses alone does not reach a private one", Answer: &a.StoreListen, Default: a.listen("9090"), Applies: store, Check: listener},
		{Flag: "s3-url", Text: "URL by which the server reaches the store", Answer: &a.StoreURL, Default: reachable(&a.StoreListen), Required: yes, Applies: store, Check: absolute},
		{Flag: "s3-bucket", Text: "name of the bucket", Answer: &a.Bucket, Default: ours, Required: yes, Applies: uploaded},
		{Flag: "s3-access-key", Text: "access key of the bucket", Answer: &a.AccessKey, Default: ours, Required: yes, Applies: uploaded},
		{Flag: "s3-secret-key-variable", Text: "environment variable with the secret key of the bucket (its name)", Answer: &a.SecretKey, Default: always("REELCHECK_S3_SECRET_KEY"), Applies: uploaded, Check: variable},
		{Flag: "foreign-application-id", Text: "id of an application of another customer, or none; with one the suite sees whether archives are private", Answer: &a.Foreign.ApplicationID, None: true, Applies: unified},
		{Flag: "foreign-private-key", Text: "file with the private key of that application (PEM)", Answer: &a.Foreign.PrivateKey, Required: yes, Applies: func() bool { return a.Foreign.ApplicationID != "" }, Check: a.key},
		{Flag: "foreign-api-key", Text: "API key of another customer, or none; with one the suite sees whether archives are private", Answer: &a.Foreign.APIKey, None: true, Applies: legacy, Check: digits},
		{Flag: "foreign-api-secret-variable", Text: "environment variable with the secret of that API key (its name)", Answer: &a.Foreign.APISecret, Default: always("REELCHECK_FOREIGN_API_SECRET"), Applies: func() bool { return a.Foreign.APIKey != "" }, Check: variable},
		{Flag: "events", Text: "do clients receive events over a WebSocket, as openapi.yaml describes them: yes, or no, which any server can be judged with", Answer: &a.Events, Default: always("no"), Check: oneOf("yes", "no")},
		{Flag: "publisher", Text: "how clients publish: whip (WHIP at the paths of openapi.yaml), url (WHIP at another URL), command (a program of yours, by spec/publisher-protocol.md) or browser (a headless Chromium)",
			Answer: &a.Publisher, Default: always(PublishStandard), Check: oneOf(PublishStandard, PublishElsewhere, config.CommandDriver, config.BrowserDriver)},
		{Flag: "whip-url", Text: "URL that takes WHIP offers, with {{sessionId}} in its place, such as {{url}}/rooms/{{sessionId}}/whip", Answer: &a.WHIPURL, Required: yes, Applies: elsewhere},
		{Flag: "events-url", Text: "URL of the WebSocket with events, such as wss://events.example/{{sessionId}}", Answer: &a.EventsURL, Required: yes, Applies: func() bool { return elsewhere() && a.Events == "yes" }},
		{Flag: "publisher-command", Text: "that program, and its arguments", Answer: &a.Command, Required: yes, Applies: func() bool { return a.Publisher == config.CommandDriver }},
		{Flag: "capabilities", Text: "what the server can do, with commas; conform list --json has the clauses of each", Answer: &a.Capabilities, Default: always("auto,individual,layout,manual-streams,simultaneous,vp8,h264"), Check: capabilities},
	}
}

// none is the answer to a question that has a default, and to one with None.
const none = "none"

func (a *Answers) host() string {
	u, err := url.Parse(a.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// called returns where to listen for callbacks: nowhere unless there is a URL for them, since nobody knows whether the server can
// reach this machine, and may call a private address.
func (a *Answers) called() string {
	if a.CallbackURL == "" {
		return none
	}
	return a.listen("9080")()
}

// listen returns where to listen: for a server on this machine at loopback, otherwise everywhere.
func (a *Answers) listen(port string) func() string {
	return func() string {
		if h := a.host(); h == "localhost" || strings.HasPrefix(h, "127.") || h == "::1" {
			return "127.0.0.1:" + port
		}
		return "0.0.0.0:" + port
	}
}

// reachable returns the URL of an address that says by itself how to reach it.
func reachable(listen *string) func() string {
	return func() string {
		if at, err := netip.ParseAddrPort(*listen); err != nil || at.Addr().IsUnspecified() || at.Port() == 0 {
			return ""
		}
		return "http://" + *listen
	}
}

// Settle gives a question its default, and checks its answer.
func (q Question) Settle() error {
	if q.Applies != nil && !q.Applies() {
		if *q.Answer != "" {
			return fmt.Errorf("%q does not go with the other answers", *q.Answer)
		}
		return nil
	}
	if *q.Answer = strings.TrimSpace(*q.Answer); *q.Answer == "" && q.Default != nil {
		*q.Answer = q.Default()
	}
	if q.None && *q.Answer == none {
		*q.Answer = ""
	}
	switch {
	case *q.Answer == "" && q.Required != nil && q.Required():
		return errors.New("missing: " + cmp.Or(q.Lacking, q.Text))
	case *q.Answer == "":
		return nil
	case strings.ContainsFunc(*q.Answer, unicode.IsControl):
		return fmt.Errorf("%q: want text without control characters", *q.Answer)
	case q.Check != nil:
		return q.Check(*q.Answer)
	}
	return nil
}

// Settle settles all questions without asking anybody.
func (a *Answers) Settle() error {
	var errs []error
	for _, q := range a.Questions() {
		if err := q.Settle(); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", q.Flag, err))
		}
	}
	return errors.Join(errs...)
}

// private reports whether the host of a URL is this machine or in a private network, as far as its name says that.
func private(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "localhost" {
		return err == nil
	}
	at, err := netip.ParseAddr(u.Hostname())
	return err == nil && (at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast())
}

func absolute(s string) error {
	if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q: want an http or https URL", s)
	}
	return nil
}

func (a *Answers) key(s string) error {
	_, err := target.NewApp(config.Credentials{ApplicationID: a.ApplicationID, PrivateKeyFile: s})
	return err
}

func digits(s string) error {
	if strings.Trim(s, "0123456789") != "" {
		return fmt.Errorf("%q: want digits", s)
	}
	return nil
}

var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variable does not repeat the answer, because it may be the secret itself.
func variable(s string) error {
	if !name.MatchString(s) {
		return errors.New("want the name of an environment variable, not the secret")
	}
	return nil
}

func listener(s string) error {
	if s == none {
		return nil
	}
	if at, err := netip.ParseAddrPort(s); err != nil || at.Port() == 0 {
		return fmt.Errorf("%q: want an address and a port that stays the same, such as 127.0.0.1:9080", s)
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q: want one of %s", s, strings.Join(words, ", "))
		}
		return nil
	}
}

func capabilities(s string) error {
	for _, c := range list(s) {
		if !slices.Contains(config.Capabilities, c) {
			return fmt.Errorf("%q: want some of %v", c, config.Capabilities)
		}
		if c == config.Control {
			return errors.New("control: a target with the control API needs its token; see conformance/targets/local.yaml")
		}
	}
	return nil
}

func list(s string) []config.Capability {
	var out []config.Capability
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, config.Capability(word))
		}
	}
	return out
}

// Unset returns the environment variables that the target file will need and that are not set.
func (a *Answers) Unset() []string {
	var out []string
	for _, v := range []string{a.APISecret, a.Foreign.APISecret, a.SecretKey} {
		if v != "" && os.Getenv(v) == "" {
			out = append(out, v)
		}
	}
	return out
}
