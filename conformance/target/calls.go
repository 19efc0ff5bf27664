package target

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"reelcheck/conformance/evidence"
)

// As makes the calls of one identity. Its credentials are proper unless Flaw says otherwise.
type As struct {
	*Client
	Identity evidence.Identity
	Flaw     evidence.Flaw
	Token    string // for AsClient
	// Project replaces the application's own id in the path, by a foreign one.
	Project string
}

// Unified returns the calls with the application's RS256 tokens.
func (c *Client) Unified() As { return As{Client: c, Identity: evidence.AsUnified} }

// Legacy returns the calls with the application's API key and secret.
func (c *Client) Legacy() As { return As{Client: c, Identity: evidence.AsLegacy} }

func (a As) path(rest string) string {
	project := a.Project
	if project == "" {
		project = a.App.Path(a.Identity)
	}
	return "/v2/project/" + project + rest
}

// call describes a call that asks for JSON: without that the service answers errors and sessions in XML (ARC-AUTH-14).
func (a As) call(label, method, path string, ids map[string]string) Call {
	return Call{Label: label, Method: method, Path: path, IDs: ids, As: a.Identity, Flaw: a.Flaw, Token: a.Token, Header: http.Header{"Accept": {"application/json"}}}
}

func archiveIDs(id string) map[string]string { return map[string]string{evidence.Archive: id} }

// CreateSessionAccepting posts the form and asks for an answer of a media type.
func (a As) CreateSessionAccepting(ctx context.Context, label, accept string, form url.Values) (Answer, error) {
	c := a.call(label, http.MethodPost, "/session/create", nil)
	c.Body, c.Type = []byte(form.Encode()), "application/x-www-form-urlencoded"
	c.Header = http.Header{"Accept": {accept}}
	return a.Do(ctx, c)
}

// CreateSession posts the form.
func (a As) CreateSession(ctx context.Context, label string, form url.Values) (Answer, string, error) {
	got, err := a.CreateSessionAccepting(ctx, label, "application/json", form)
	if err != nil {
		return got, "", err
	}
	var created []struct {
		SessionID string `json:"session_id"`
	}
	parsed := json.Unmarshal(got.Body, &created) == nil
	if !got.OK() || !parsed || len(created) == 0 {
		return got, "", nil // checks judge the answer
	}
	return got, created[0].SessionID, nil
}

// Start starts an archive with the given members in the request body.
func (a As) Start(ctx context.Context, label string, body map[string]any) (Answer, error) {
	c := a.call(label, http.MethodPost, a.path("/archive"), nil)
	if session, ok := body["sessionId"].(string); ok {
		c.IDs = map[string]string{evidence.Session: session}
	}
	b, err := json.Marshal(body)
	if err != nil {
		return Answer{}, err
	}
	c.Body, c.Type = b, "application/json"
	return a.Do(ctx, c)
}

// StartRaw posts any bytes as a start request that breaks openapi.yaml on purpose.
func (a As) StartRaw(ctx context.Context, label string, body []byte) (Answer, error) {
	c := a.call(label, http.MethodPost, a.path("/archive"), nil)
	c.Body, c.Type, c.Deliberate = body, "application/json", true
	return a.Do(ctx, c)
}

// Stop stops an archive; body may be nil.
func (a As) Stop(ctx context.Context, label, id string, body []byte) (Answer, error) {
	c := a.call(label, http.MethodPost, a.path("/archive/"+url.PathEscape(id)+"/stop"), archiveIDs(id))
	c.Body, c.Type, c.Deliberate = body, "application/json", !evidence.IsUUID(id)
	return a.Do(ctx, c)
}

// Get reads an archive.
func (a As) Get(ctx context.Context, label, id string) (Answer, error) {
	c := a.call(label, http.MethodGet, a.path("/archive/"+url.PathEscape(id)), archiveIDs(id))
	c.Deliberate = !evidence.IsUUID(id)
	return a.Do(ctx, c)
}

// SetStorage sets the upload target of the application. certificate is a PEM, its base64, or nil for none.
func (a As) SetStorage(ctx context.Context, label string, s Storage, certificate any) (Answer, error) {
	c := a.call(label, http.MethodPut, a.path("/archive/storage"), nil)
	b, err := json.Marshal(struct {
		Storage
		Certificate any `json:"certificate"`
	}{s, certificate})
	if err != nil {
		return Answer{}, err
	}
	c.Body, c.Type = b, "application/json"
	return a.Do(ctx, c)
}

// Select changes which streams an archive holds.
func (a As) Select(ctx context.Context, label, id string, body map[string]any) (Answer, error) {
	c := a.call(label, http.MethodPatch, a.path("/archive/"+url.PathEscape(id)+"/streams"), archiveIDs(id))
	b, err := json.Marshal(body)
	if err != nil {
		return Answer{}, err
	}
	c.Body, c.Type = b, "application/json"
	return a.Do(ctx, c)
}

// Arrange changes the layout of an archive. deliberate marks a layout that breaks openapi.yaml on purpose.
func (a As) Arrange(ctx context.Context, label, id string, layout map[string]any, deliberate bool) (Answer, error) {
	c := a.call(label, http.MethodPut, a.path("/archive/"+url.PathEscape(id)+"/layout"), archiveIDs(id))
	b, err := json.Marshal(layout)
	if err != nil {
		return Answer{}, err
	}
	c.Body, c.Type, c.Deliberate = b, "application/json", deliberate
	return a.Do(ctx, c)
}

// Classify replaces the layout classes of streams, by stream id.
func (a As) Classify(ctx context.Context, label, session string, classes map[string][]string) (Answer, error) {
	type item struct {
		ID      string   `json:"id"`
		Classes []string `json:"layoutClassList"`
	}
	var body struct {
		Items []item `json:"items"`
	}
	for _, id := range slices.Sorted(maps.Keys(classes)) {
		body.Items = append(body.Items, item{id, append([]string{}, classes[id]...)})
	}
	c := a.call(label, http.MethodPut, a.path("/session/"+url.PathEscape(session)+"/stream"), map[string]string{evidence.Session: session})
	b, err := json.Marshal(body)
	if err != nil {
		return Answer{}, err
	}
	c.Body, c.Type = b, "application/json"
	return a.Do(ctx, c)
}

// Delete deletes an archive.
func (a As) Delete(ctx context.Context, label, id string) (Answer, error) {
	c := a.call(label, http.MethodDelete, a.path("/archive/"+url.PathEscape(id)), archiveIDs(id))
	c.Deliberate = !evidence.IsUUID(id)
	return a.Do(ctx, c)
}

// List lists archives. deliberate marks a query that breaks openapi.yaml on purpose.
func (a As) List(ctx context.Context, label string, query url.Values, deliberate bool) (Answer, error) {
	c := a.call(label, http.MethodGet, a.path("/archive"), nil)
	c.Query, c.Deliberate = query, deliberate
	if s := query.Get("sessionId"); s != "" {
		c.IDs = map[string]string{evidence.Session: s}
	}
	return a.Do(ctx, c)
}

// Connections lists the connections of a session.
func (a As) Connections(ctx context.Context, label, session string) (Answer, error) {
	return a.Do(ctx, a.call(label, http.MethodGet, a.path("/session/"+url.PathEscape(session)+"/connection"),
		map[string]string{evidence.Session: session}))
}

// Streams lists the streams of a session.
func (a As) Streams(ctx context.Context, label, session string) (Answer, error) {
	return a.Do(ctx, a.call(label, http.MethodGet, a.path("/session/"+url.PathEscape(session)+"/stream"),
		map[string]string{evidence.Session: session}))
}

// Stream reads one stream of a session.
func (a As) Stream(ctx context.Context, label, session, id string) (Answer, error) {
	return a.Do(ctx, a.call(label, http.MethodGet, a.path("/session/"+url.PathEscape(session)+"/stream/"+url.PathEscape(id)),
		map[string]string{evidence.Session: session, evidence.Stream: id}))
}

// Disconnect ends a client's connection.
func (a As) Disconnect(ctx context.Context, label, session, connection string) (Answer, error) {
	return a.Do(ctx, a.call(label, http.MethodDelete, a.path("/session/"+url.PathEscape(session)+"/connection/"+url.PathEscape(connection)),
		map[string]string{evidence.Session: session, evidence.Connection: connection}))
}

// Migrate moves a session to another server.
func (a As) Migrate(ctx context.Context, label, session string) (Answer, error) {
	return a.Do(ctx, a.call(label, http.MethodPost, a.path("/session/"+url.PathEscape(session)+"/migrate"),
		map[string]string{evidence.Session: session}))
}
