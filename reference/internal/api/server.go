package api

import (
	"fmt"
	"net/http"

	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/wire"
)

func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return wire.Write(w, http.StatusOK, apigen.Health{Status: apigen.HealthStatusOk})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	missing := s.Missing(r.Context())
	if len(missing) > 0 {
		return wire.Write(w, http.StatusServiceUnavailable, apigen.Health{Status: apigen.HealthStatusUnavailable, Missing: &missing})
	}
	return wire.Write(w, http.StatusOK, apigen.Health{Status: apigen.HealthStatusOk})
}

func (s *Server) openapi(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	if _, err := w.Write(s.OpenAPI); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrGone, err)
	}
	return nil
}
