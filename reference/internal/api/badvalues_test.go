package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"reelcheck/reference/internal/account/accounttest"
)

func badAuth(t *testing.T, o operation) []badRequest {
	if o.authScheme() == "" {
		return nil
	}
	header := "Authorization"
	if o.legacy {
		header = "X-OPENTOK-AUTH"
	}
	set := func(value string) func(*operation) {
		return func(o *operation) {
			o.header.Set(header, strings.TrimPrefix(value, map[bool]string{true: "Bearer "}[o.legacy]))
		}
	}
	forged := accounttest.App{Application: app.Application, Key: other.Key}
	forged.APISecret = "forged"
	mint := func(a accounttest.App, now time.Time) string {
		switch {
		case o.authScheme() == "clientToken":
			return "Bearer " + a.Client(t, now, sessionID, nil)
		case o.legacy:
			return "Bearer " + a.Project(t, now, nil)
		default:
			return "Bearer " + a.Bearer(t, now, nil)
		}
	}
	owner := accounttest.App{Application: other.Application, Key: other.Key}
	list := []badRequest{
		{"no token", func(o *operation) { o.header.Del(header) }, []int{403}},
		{"garbage token", set("Bearer garbage"), []int{403}},
		{"huge token", set("Bearer " + junk(20000)), []int{403}},
		{"forged token", set(mint(forged, start)), []int{403}},
		{"expired token", set(mint(app, start.Add(-48*time.Hour))), []int{403}},
	}
	if o.OperationID != "createSession" { // it takes the application from the token
		list = append(list, badRequest{"token of another application", set(mint(owner, start)), []int{403, 404}})
	}
	return list
}

func badPaths(o operation) []badRequest {
	var list []badRequest
	if o.method == http.MethodOptions { // a preflight is answered for every path
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(o.params)) {
		if !strings.Contains(o.path, "{"+name+"}") || name == "deliveryId" {
			continue
		}
		with := func(label, value string, want ...int) {
			list = append(list, badRequest{name + " " + label, func(o *operation) { o.params[name] = value }, want})
		}
		malformed := []int{400, 403, 404}
		if o.OperationID == "getStream" && name == "streamId" {
			malformed = []int{408}
		}
		with("malformed", "x", malformed...)
		with("with a slash", "a/b", malformed...)
		with("with a null byte", "a\x00b", malformed...)
		with("too long", strings.Repeat("a", 300), malformed...)
		with("in upper case", upper(unknownID), malformed...)
		switch name {
		case "sessionId":
			with("unknown", relayedUnknown(), 403, 404)
			with("foreign", foreignSess, 403, 404)
		case "projectId", "applicationId":
			with("unknown", unknownID, 403, 404)
			if o.authScheme() != "controlToken" {
				with("foreign", other.ID, 403, 404)
				with("foreign key", other.Application.Key(), 403, 404)
			}
		case "archiveId":
			with("unknown", unknownID, 403, 404)
			with("foreign", foreignID, 403, 404)
		case "connectionId", "streamId":
			with("unknown", unknownID, 404)
		}
	}
	return list
}

// relayedUnknown returns a well-formed id of a session that does not exist.
func relayedUnknown() string { return "1_MX40NzIwMzJ-fjE3MjY0NjI1ODg2NDd-MTF4TGExYmJofn4" }

func badQueries(o operation) []badRequest {
	var list []badRequest
	for _, ref := range slices.Concat(o.Parameters, o.item.Parameters) {
		p := ref.Value
		if p.In != "query" {
			continue
		}
		values := map[string]string{"twice": "", "not UTF-8": "\xff"}
		if p.Schema.Value.Type.Is("integer") {
			values = map[string]string{"twice": "1", "text": "abc", "empty": "", "negative": "-1", "fraction": "1.5", "huge": strings.Repeat("9", 30), "hexadecimal": "0x1"}
			if most := p.Schema.Value.Max; most != nil {
				values["above the limit"] = strconv.FormatFloat(*most+1, 'f', 0, 64)
			}
		}
		if len(p.Schema.Value.Enum) > 0 || p.Schema.Value.Pattern != "" {
			values["out of the allowed"] = "sideways"
		}
		if most := p.Schema.Value.MaxLength; most != nil {
			values["too long"] = strings.Repeat("x", int(*most)+1)
		}
		for _, label := range slices.Sorted(maps.Keys(values)) {
			list = append(list, badRequest{"query " + p.Name + " " + label, func(o *operation) {
				o.query[p.Name] = []string{values[label]}
				if label == "twice" {
					o.query[p.Name] = []string{values[label], values[label]}
				}
			}, nil})
		}
	}
	if o.OperationID == "downloadArchive" { // its query parameters are only valid together
		return slices.DeleteFunc(list, func(b badRequest) bool { return strings.HasSuffix(b.name, "twice") })
	}
	return list
}

func badBodies(o operation) []badRequest {
	body := func(s string) func(*operation) { return func(o *operation) { o.body = s } }
	typed := func(contentType, s string) func(*operation) {
		return func(o *operation) { o.header.Set("Content-Type", contentType); o.body = s }
	}
	some := o.body
	if some == "" {
		some = "{}"
	}
	list := []badRequest{
		{"huge body", body(`{"a":"` + junk(600000) + `"}`), []int{413}},
		{"unknown content type", typed("application/x-unknown", some), []int{415}},
		{"malformed content type", typed("/", some), []int{415}},
		{"XML", typed("application/xml", "<a/>"), []int{415}},
	}
	if o.RequestBody.Value.Required {
		list = append(list, badRequest{"empty body", body(""), []int{400}})
	}
	if o.contentType() != "application/json" {
		return list
	}
	for name, s := range map[string]string{
		"text": "hello", "cut": `{"a":`, "array": `[{}]`, "null": `null`, "number": `5`, "string": `"x"`, "two objects": `{}{}`,
		"member twice": `{"a":1,"a":2}`, "not UTF-8": "{\"a\":\"\xff\"}", "deeply nested": `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
	} {
		list = append(list, badRequest{"body " + name, body(s), []int{400}})
	}
	return list
}

// badMembers returns one bad body for each way in which a member can violate its schema.
func badMembers(o operation, schema *openapi3.Schema, path []string) []badRequest {
	var list []badRequest
	with := func(path []string, label string, value any) {
		list = append(list, badRequest{"member " + strings.Join(path, ".") + " " + label, func(o *operation) { o.body = replaced(o.body, path, value) }, []int{400, 413}})
	}
	for _, name := range schema.Required {
		with(append(slices.Clone(path), name), "missing", nil)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		member := schema.Properties[name].Value
		if len(member.AllOf) > 0 {
			member = member.AllOf[0].Value
		}
		at := append(slices.Clone(path), name)
		for label, value := range wrongValues(member) {
			with(at, label, value)
		}
		if member.Type.Is("object") && len(member.Properties) > 0 {
			list = append(list, badMembers(o, member, at)...)
		}
		if member.Type.Is("array") && member.Items.Value.Type.Is("object") {
			list = append(list, badMembers(o, member.Items.Value, append(at, "0"))...)
		}
	}
	return list
}

func wrongValues(s *openapi3.Schema) map[string]any {
	values := map[string]any{"as object": map[string]any{"x": 1}, "as array": []any{map[string]any{}}}
	switch {
	case s.Type.Is("string"):
		values["as number"] = 7
		values["as boolean"] = true
		if len(s.Enum) > 0 || s.Pattern != "" {
			values["out of the allowed"] = "sideways"
		}
		if s.MinLength > 0 {
			values["too short"] = ""
		}
		if s.MaxLength != nil {
			values["too long"] = strings.Repeat("x", int(*s.MaxLength)+1)
		}
	case s.Type.Is("integer"):
		values["as string"] = "7"
		values["as fraction"] = 7.5
		if s.Min != nil {
			values["too small"] = *s.Min - 1
		}
		if s.Max != nil {
			values["too large"] = *s.Max + 1
		}
	case s.Type.Is("boolean"):
		values["as string"] = "true"
		values["as number"] = 1
	case s.Type.Is("array"):
		delete(values, "as array")
		values["as string"] = "x"
		values["of numbers"] = []any{1}
		if s.MinItems > 0 {
			values["too few"] = []any{}
		}
		if s.MaxItems != nil && *s.MaxItems < 1000 {
			values["too many"] = slices.Repeat([]any{"x"}, int(*s.MaxItems)+1)
		}
	case s.Type.Is("object"):
		delete(values, "as object")
		values["as string"] = "x"
	}
	return values
}

// replaced returns body with the member at path set to value, or removed if value is nil.
func replaced(body string, path []string, value any) string {
	var root map[string]any
	if err := json.Unmarshal([]byte(body), &root); err != nil {
		root = map[string]any{}
	}
	var node any = root
	for i, step := range path {
		switch at := node.(type) {
		case map[string]any:
			switch {
			case i < len(path)-1:
				if at[step] == nil {
					at[step] = map[string]any{}
				}
				node = at[step]
			case value == nil:
				delete(at, step)
			default:
				at[step] = value
			}
		case []any:
			node = at[0]
		}
	}
	raw, err := json.Marshal(root)
	if err != nil {
		panic(fmt.Sprintf("internal error: %v", err))
	}
	return string(raw)
}

func badFields(schema *openapi3.Schema) []badRequest {
	var list []badRequest
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		s := schema.Properties[name].Value
		list = append(list, badRequest{"field " + name + " out of the allowed", func(o *operation) { o.body = url.Values{name: {"sideways"}}.Encode() }, []int{400}},
			badRequest{"field " + name + " twice", func(o *operation) { o.body = url.Values{name: {"", ""}}.Encode() }, []int{400}})
		if s.MaxLength != nil {
			list = append(list, badRequest{"field " + name + " too long", func(o *operation) {
				o.body = url.Values{"archiveMode": {"always"}, name: {strings.Repeat("x", int(*s.MaxLength)+1)}}.Encode()
			}, []int{400}})
		}
	}
	return append(list, badRequest{"form malformed", func(o *operation) { o.body = "a=%zz" }, []int{400}},
		badRequest{"form of a relayed session that is archived always", func(o *operation) { o.body = "archiveMode=always&p2p.preference=enabled" }, []int{400}})
}
