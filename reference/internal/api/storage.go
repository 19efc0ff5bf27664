package api

import (
	"context"
	"net/http"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
)

// Applications stores the settings of applications.
type Applications interface {
	UpdateApplication(ctx context.Context, a account.Application) error
}

// setStorage handles PUT .../archive/storage. Archives that wait for their upload go to the new target.
func (s *Server) setStorage(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	var body apigen.Storage
	if err := wire.Read(r, &body); err != nil {
		return err
	}
	storage, fallback, err := s.Targets.Parse("", body)
	if err != nil {
		return err
	}
	app := id.Application
	app.Storage, app.Fallback = storage, fallback
	if err := s.Applications.UpdateApplication(r.Context(), app); err != nil {
		return err
	}
	return wire.Write(w, http.StatusOK, body)
}

// deleteStorage handles DELETE .../archive/storage. Archives go to the built-in cloud from then on.
func (s *Server) deleteStorage(w http.ResponseWriter, r *http.Request, id account.Identity) error {
	app := id.Application
	app.Storage = nil
	if err := s.Applications.UpdateApplication(r.Context(), app); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
