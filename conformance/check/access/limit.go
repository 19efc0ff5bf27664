package access

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/text"
)

// limitChecks are about the limits of tokens and pages, and about the older form of an answer.
var limitChecks = []check.Check{
	check.New("ARC-AUTH-18", tokenLimit("-data-", "connection-data.max", "characters of connection data"), scenarios.Auth),
	check.New("ARC-AUTH-19", tokenLimit("-days-", "", "days"), scenarios.Auth),
	check.New("ARC-LIST-08", largestPage, scenarios.Listing),
	check.New("ARC-SES-05", xmlAnswer, scenarios.Legacy),
}

// tokenLimit judges clients whose name ends with the content of their token, which is within a limit or beyond it.
// Without a name of a limit it is the lifetime of client tokens.
func tokenLimit(mark, limit, what string) func(*check.Case) {
	return func(c *check.Case) {
		most := int64(c.Limit("client-token.lifetime.max").Hours() / 24)
		if limit != "" {
			most = c.Number(limit)
		}
		for _, r := range c.View.Clients().Records {
			_, held, marked := strings.Cut(r.Client.Name, mark)
			n, err := strconv.ParseInt(held, 10, 64)
			if !marked || err != nil || r.Scenario != scenarios.Auth {
				continue
			}
			switch e := r.Client.Event; {
			case n <= most && (e == "open" || e == "refused"):
				letIn(c, r, fmt.Sprintf("a client with %d %s to be let in", n, what))
			case n > most && (e == "open" || e == "refused"):
				c.Want(e == "refused" && r.Client.CloseCode/100 == 4, fmt.Sprintf("a client with %d %s to be refused", n, what), fmt.Sprintf("%s %d", e, r.Client.CloseCode), r)
			case n <= most && r.Client.Type == "connected" && mark == "-data-":
				c.Want(heldData(c, r) == n, fmt.Sprintf("all %d %s at the client", n, what), text.Clip(r.Client.Body.Text, 200), r)
			}
		}
	}
}

// heldData counts the characters of the client's connection data in its first message.
func heldData(c *check.Case, r evidence.Record) int64 {
	o, _ := c.Decode(r.Client.Body.Text)
	m, _ := o["connection"].(map[string]any)
	return int64(utf8.RuneCountInString(jsonvalue.Object(m).Text("data")))
}

// largestPage wants no page larger than allowed, but one as large as that, and for a request of more a refusal, the largest page or the one
// without count. Where the application has fewer archives than fit, that is all of them.
func largestPage(c *check.Case) {
	most := c.Number("list.count.max")
	for _, l := range c.Lists() {
		wanted, err := strconv.ParseInt(l.Query.Get("count"), 10, 64)
		switch {
		case l.OK && int64(len(l.Items)) > most:
			c.Wrong(fmt.Sprintf("at most %d archives in a page", most), fmt.Sprintf("%d", len(l.Items)), l.R)
		case err == nil && wanted == most:
			c.Want(l.OK, fmt.Sprintf("a page of up to %d archives", most), check.Outcome(l.R), l.R)
		case err != nil || wanted < most:
		case l.OK:
			full, usual := min(l.Count, most), min(l.Count, c.Number("list.count.default"))
			n := int64(len(l.Items))
			c.Want(n == full || n == usual, fmt.Sprintf("%d archives, or %d as without count", full, usual), fmt.Sprint(n), l.R)
		default:
			c.Refused(l.R)
		}
	}
}

// xmlAnswer judges sessions whose creator did not accept JSON.
func xmlAnswer(c *check.Case) {
	for _, r := range c.Calls(evidence.CreateSession) {
		if !c.Sound(r) || !accepts(r, "xml") {
			continue
		}
		var got struct {
			XMLName  xml.Name `xml:"sessions"`
			Sessions []struct {
				ID string `xml:"session_id"`
			} `xml:"Session"`
		}
		err := xml.Unmarshal([]byte(facts.AnswerText(r)), &got)
		c.Want(r.Exchange.Status() == http.StatusOK && err == nil && len(got.Sessions) == 1 && got.Sessions[0].ID != "",
			"<sessions><Session><session_id>", check.Outcome(r)+" "+text.Clip(facts.AnswerText(r), 120), r)
	}
}

// accepts reports whether the client asked for an answer of a media type.
func accepts(r evidence.Record, subtype string) bool {
	return strings.Contains(r.Exchange.Request.Header.Get("Accept"), subtype)
}
