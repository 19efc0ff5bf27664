package controlapi

import (
	"net/http"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
)

// maxRotation is the longest time until a planned rotation.
const maxRotation = 7 * 24 * time.Hour

// RotateSession handles POST .../sessions/{sessionId}/rotate.
func (a *API) RotateSession(w http.ResponseWriter, r *http.Request) error {
	sessionID := r.PathValue("sessionId")
	if _, err := account.ParseID(sessionID); err != nil {
		return wire.Invalid("sessionId", "sessionId must be the id of a session, got %.64q", sessionID)
	}
	var body apigen.Rotation
	if err := wire.ReadOptionalKnown(r, &body); err != nil {
		return err
	}
	if most := maxRotation.Milliseconds(); body.In != nil && (*body.In < 0 || *body.In > most) {
		return wire.Invalid("in", "in must be from 0 to %d milliseconds, got %d", most, *body.In)
	}
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	in := time.Duration(0)
	if body.In != nil {
		in = time.Duration(*body.In) * time.Millisecond
	}
	if err := a.Sessions.Rotate(r.Context(), r.PathValue("applicationId"), sessionID, in); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}
