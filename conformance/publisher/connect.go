package publisher

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// connectOperation is the request of [config.WHIP.Connect], which openapi.yaml does not have.
const connectOperation evidence.Operation = "connect"

// Can implements Driver.
func (w WHIP) Can() []config.Ability { return config.Abilities }

// Connect implements Driver.
func (w WHIP) Connect(ctx context.Context, e Entry) (*target.Connection, error) {
	w.At.Default()
	connection, err := w.present(ctx, e)
	if err != nil {
		return nil, err
	}
	v := e.Values()
	v.ConnectionID = connection
	address, header, err := addressed(w.At.Events, v)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", e.Name, err)
	}
	protocols, err := w.At.Events.Subprotocols(v)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", e.Name, err)
	}
	return e.Client.Connect(ctx, e.Label, e.Name, e.Session, e.Token, e.Client.Socket(address, header, protocols))
}

// present asks for a connection, where the target file says how, and returns its id, or "".
func (w WHIP) present(ctx context.Context, e Entry) (string, error) {
	e.Client.Journal.Redact("client token", e.Token)
	if w.At.Connect.URL == "" {
		return "", nil
	}
	address, header, err := addressed(w.At.Connect, e.Values())
	if err != nil {
		return "", fmt.Errorf("client %s: %w", e.Name, err)
	}
	a, err := e.Client.Do(ctx, target.Call{
		Label: "connect." + e.Name, Operation: connectOperation, Method: w.At.Connect.Method, Path: address, Header: header, As: evidence.AsClient,
		IDs: map[string]string{evidence.Session: e.Session},
	})
	if err != nil {
		return "", err
	}
	var answer struct {
		ConnectionID string `json:"connectionId"`
	}
	if err := json.Unmarshal(a.Body, &answer); err != nil || !a.OK() || answer.ConnectionID == "" {
		return "", &target.RefusedError{Label: "connect." + e.Name, Status: a.Status, Err: fmt.Errorf("connecting answered %d, want success and a connectionId", a.Status)}
	}
	return answer.ConnectionID, nil
}

// addressed fills the templates of an endpoint.
func addressed(e config.Endpoint, v config.Values) (address string, header http.Header, err error) {
	if address, err = e.Address(v); err == nil {
		header, err = e.Header(v)
	}
	return address, header, err
}

// Values returns what templates are filled with for a client that connects.
func (e Entry) Values() config.Values {
	return config.Values{URL: e.Client.Base, SessionID: e.Session, Token: e.Token, ApplicationID: e.Client.App.ID, APIKey: e.Client.App.APIKey}
}

// Entry returns the client that publishes.
func (o Options) Entry() Entry {
	return Entry{Client: o.Client, Label: o.Label, Name: o.Name, Session: o.Session, Token: o.Token}
}

// Values returns what templates are filled with for a client that publishes.
func (o Options) Values() config.Values {
	v := o.Entry().Values()
	v.ConnectionID, v.Name, v.VideoType, v.LayoutClassList = o.ConnectionID, o.StreamName, o.VideoType, o.Classes
	return v
}
