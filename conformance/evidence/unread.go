package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/text"
)

// mayBeEmpty are the operations whose success needs no body.
var mayBeEmpty = []Operation{DeleteArchive, ChangeArchiveStreams, ForceDisconnect, SetArchiveLayout, SetStreamClasses}

// Unread says why nothing can be read in an answer: it is not whole, or no JSON, although the client asked for that. Of an answer that
// can be read, and without an answer, it returns "".
func (e *Exchange) Unread() string {
	switch {
	case e == nil || e.Response == nil:
		return ""
	case e.Error != "":
		return e.Error
	case !strings.Contains(e.Request.Header.Get("Accept"), "json"):
		return ""
	}
	body := e.Response.Body
	switch {
	case body.Size == 0 && slices.Contains(mayBeEmpty, e.Operation):
		return ""
	case body.Size == 0:
		return "the answer is empty"
	case body.Size > inlineLimit:
		return fmt.Sprintf("the answer is longer than %d bytes", inlineLimit)
	case body.Text == "":
		return fmt.Sprintf("the answer of %d bytes is no text", body.Size)
	case !json.Valid([]byte(body.Text)):
		return "the answer is no JSON: " + quote(body.Text)
	case e.Operation != CreateSession && !strings.HasPrefix(strings.TrimSpace(body.Text), "{"):
		return "the answer is no JSON object: " + quote(body.Text)
	}
	return ""
}

// quote returns the beginning of what others wrote, on one line.
func quote(s string) string {
	return "`" + text.Clip(strings.Join(strings.Fields(text.Head(s, 400)), " "), 80) + "`"
}
