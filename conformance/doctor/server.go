package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

const (
	scenario = "doctor"
	// patience limits one exchange.
	patience = 4 * time.Second
	// skewLimit is the difference of clocks from which on signed tokens begin to fail.
	skewLimit = 10 * time.Second
	// secret signs the callbacks of the application that the control API makes.
	secret = "signed for conform doctor"
)

// reach asks for a list of archives without credentials.
func (e *examination) reach(ctx context.Context) (string, error) {
	project := e.client.App.Path(evidence.AsUnified)
	if project == "" {
		project = "doctor"
	}
	var err error
	e.probe, err = e.client.Do(ctx, target.Call{Label: "reach", Method: http.MethodGet, Path: "/v2/project/" + url.PathEscape(project) + "/archive", As: evidence.AsNobody,
		Header: http.Header{"Accept": {"application/json"}}})
	if err != nil {
		return "", err
	}
	if e.probe.Status == 0 {
		return "", fmt.Errorf("%s %s", e.client.Base, said(e.probe))
	}
	return fmt.Sprintf("%s answered in %v", e.client.Base, e.probe.Exchange.Duration.Round(time.Millisecond)), nil
}

// clock compares the Date header of the target with our clock.
func (e *examination) clock(context.Context) (string, error) {
	date, err := http.ParseTime(e.probe.Header.Get("Date"))
	if err != nil {
		return "", absent("the target sends no Date header")
	}
	d := date.Sub(e.probe.Exchange.Started).Round(time.Second)
	if d.Abs() > skewLimit {
		return "", fmt.Errorf("the clock of the target differs from ours by %v (it says %s), so that signed tokens are refused; set the clocks",
			d, e.probe.Header.Get("Date"))
	}
	if d.Abs() <= time.Second { // Date has no parts of a second
		return "differs by less than two seconds", nil
	}
	return fmt.Sprintf("differs by %v", d), nil
}

// api demands that the request without credentials was refused: a web page, or a server that answers anything, is no API.
func (e *examination) api(context.Context) (string, error) {
	if s := e.probe.Status; s == http.StatusUnauthorized || s == http.StatusForbidden {
		return fmt.Sprintf("refuses a request without credentials with %d", s), nil
	}
	return "", fmt.Errorf("GET %s without credentials %s; want 401 or 403: is url the base URL of the archive API?", path(e.probe), said(e.probe))
}

func path(a target.Answer) string {
	u, err := url.Parse(a.Exchange.Request.URL)
	if err != nil {
		return a.Exchange.Request.URL
	}
	return u.RequestURI()
}

func (e *examination) unified(ctx context.Context) (string, error) {
	if !e.File.Has(config.Unified) {
		if !e.File.Has(config.Legacy) {
			return "", errors.New("capabilities: neither unified nor legacy is declared, so the suite cannot log in")
		}
		return "", absent("the target file does not declare unified")
	}
	switch app := e.client.App; {
	case app.ID == "":
		return "", errors.New("credentials.applicationId: missing; the capability unified needs it")
	case e.key != nil:
		return "", e.key
	case app.PrivateKey == nil:
		return "", errors.New("credentials.privateKeyFile: missing; the capability unified needs it")
	}
	return e.login(ctx, e.client.Unified(), "are applicationId and privateKeyFile those of the console of the target?")
}

func (e *examination) legacy(ctx context.Context) (string, error) {
	switch app := e.client.App; {
	case !e.File.Has(config.Legacy):
		return "", absent("the target file does not declare legacy")
	case app.APIKey == "":
		return "", errors.New("credentials.apiKey: missing; the capability legacy needs it")
	case app.APISecret == "":
		return "", errors.New("credentials.apiSecret: missing; the capability legacy needs it")
	}
	return e.login(ctx, e.client.Legacy(), "are apiKey and apiSecret those of the console of the target?")
}

// login lists archives, and remembers the first identity that may.
func (e *examination) login(ctx context.Context, as target.As, advice string) (string, error) {
	a, err := as.List(ctx, "login."+string(as.Identity), url.Values{"count": {"1"}}, false)
	if err != nil {
		return "", err
	}
	if a.Status != http.StatusOK {
		return "", fmt.Errorf("GET %s %s; %s", path(a), said(a), advice)
	}
	var list struct {
		Count *int64 `json:"count"`
		Items *[]any `json:"items"`
	}
	if a.Decode(&list) != nil || list.Count == nil || list.Items == nil {
		return "", fmt.Errorf("GET %s %s; want a list with count and items", path(a), said(a))
	}
	if e.as.Client == nil {
		e.as = as
	}
	return fmt.Sprintf("accepted, %d archives", *list.Count), nil
}

// control makes an application that delivers to the suite.
func (e *examination) control(ctx context.Context) (string, error) {
	r := target.AppRequest{Name: "conform doctor", ArchiveCallbackURL: e.hooks.Endpoint(scenario, "default")}
	if e.File.Has(config.Monitoring) {
		r.SessionCallbackURL = e.hooks.Endpoint(scenario, "session")
	}
	if e.File.Has(config.Signing) {
		r.SignatureSecret = secret
	}
	if e.store != nil {
		r.Storage = e.store.Storage(e.place)
	}
	app, err := e.client.CreateApplication(ctx, "application", r)
	if err != nil {
		return "", err
	}
	own := *e.client
	own.App = app
	e.undo = append(e.undo, func(ctx context.Context) { _ = own.DeleteApplication(ctx, "cleanup", app.ID) })
	if e.as.Client != nil {
		e.as.Client = &own
	}
	if _, _, err := own.Policy(ctx, "clock"); err != nil {
		return "", err
	}
	return "made an application, and reads its clock", nil
}

func (e *examination) session(ctx context.Context) (string, error) {
	if e.as.Client == nil {
		return "", errUntried
	}
	a, id, err := e.as.CreateSession(ctx, "session", url.Values{"p2p.preference": {"disabled"}})
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", fmt.Errorf("POST /session/create %s; want a list with a session_id", said(a))
	}
	e.id = id
	e.hooks.Own(id, scenario)
	return strings.TrimSpace(id), nil
}
