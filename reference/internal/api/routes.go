package api

import (
	"net/http"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
)

type (
	handler        func(http.ResponseWriter, *http.Request) error
	projectHandler func(http.ResponseWriter, *http.Request, account.Identity) error
	clientHandler  func(http.ResponseWriter, *http.Request, account.Client) error
	tokenHandler   func(http.ResponseWriter, *http.Request, account.TokenIdentity) error
)

type route struct {
	pattern string
	handle  handler
	fail    func(http.ResponseWriter, *http.Request, error)
}

func (s *Server) routes() []route {
	const project, client = "/v2/project/{projectId}", "/v2/session/{sessionId}"
	const sessions, archives = project + "/session/{sessionId}", project + "/archive"
	routes := []route{
		{"POST /session/create", s.createSession, s.failSession},

		{"GET " + sessions + "/connection", s.project(s.listConnections), s.fail},
		{"DELETE " + sessions + "/connection/{connectionId}", s.project(s.forceDisconnect), s.fail},
		{"POST " + sessions + "/connection/{connectionId}/signal", s.project(s.signalConnection), s.fail},
		{"POST " + sessions + "/signal", s.project(s.signalSession), s.fail},
		{"POST " + sessions + "/mute", s.project(s.muteSession), s.fail},
		{"POST " + sessions + "/migrate", s.project(s.migrateSession), s.fail},
		{"GET " + sessions + "/stream", s.project(s.listStreams), s.fail},
		{"PUT " + sessions + "/stream", s.project(s.setStreamClasses), s.fail},
		{"GET " + sessions + "/stream/{streamId}", s.project(s.getStream), s.fail},
		{"POST " + sessions + "/stream/{streamId}/mute", s.project(s.muteStream), s.fail},

		{"POST " + archives, s.project(s.startArchive), s.fail},
		{"GET " + archives, s.project(s.listArchives), s.fail},
		{"PUT " + archives + "/storage", s.project(s.setStorage), s.fail},
		{"DELETE " + archives + "/storage", s.project(s.deleteStorage), s.fail},
		{"GET " + archives + "/{archiveId}", s.project(s.getArchive), s.fail},
		{"DELETE " + archives + "/{archiveId}", s.project(s.deleteArchive), s.fail},
		{"POST " + archives + "/{archiveId}/stop", s.project(s.stopArchive), s.fail},
		{"PUT " + archives + "/{archiveId}/layout", s.project(s.setLayout), s.fail},
		{"PATCH " + archives + "/{archiveId}/streams", s.project(s.changeStreams), s.fail},

		{"GET " + client + "/events", s.client(s.Clients.Events), s.fail},
		{"POST " + client + "/whip", s.client(s.Clients.Publish), s.fail},
		{"OPTIONS " + client + "/whip", s.Clients.Preflight, s.fail},
		{"PATCH " + client + "/whip/{streamId}", s.publication(s.Clients.Patch), s.fail},
		{"DELETE " + client + "/whip/{streamId}", s.publication(s.Clients.Stop), s.fail},
		{"OPTIONS " + client + "/whip/{streamId}", s.Clients.Preflight, s.fail},

		{"GET /healthz", s.health, s.fail},
		{"GET /readyz", s.ready, s.fail},
		{"GET /openapi.yaml", s.openapi, s.fail},
	}
	if s.ControlAPI != nil {
		routes = append(routes, s.controlRoutes()...)
	}
	return routes
}

func (s *Server) controlRoutes() []route {
	const apps = "/control/v1/applications"
	const app = apps + "/{applicationId}"
	c := s.ControlAPI
	return []route{
		{"POST " + apps, s.control(c.CreateApplication), s.fail},
		{"DELETE " + app, s.control(c.DeleteApplication), s.fail},
		{"GET " + app + "/clock", s.control(c.ReadClock), s.fail},
		{"POST " + app + "/clock", s.control(c.AdvanceClock), s.fail},
		{"GET " + app + "/deadlines", s.control(c.Deadlines), s.fail},

		{"POST " + app + "/sessions/{sessionId}/rotate", s.control(c.RotateSession), s.fail},
		{"POST " + app + "/reset", s.control(c.Reset), s.fail},
		{"GET " + app + "/faults", s.control(c.Faults), s.fail},
		{"POST " + app + "/faults", s.control(c.ArmFault), s.fail},
		{"DELETE " + app + "/faults", s.control(c.ClearFaults), s.fail},
		{"GET " + app + "/deliveries", s.control(c.Deliveries), s.fail},
		{"POST " + app + "/deliveries/{deliveryId}/replay", s.control(c.ReplayDelivery), s.fail},
	}
}

// project calls next if the token belongs to the application in the path.
func (s *Server) project(next projectHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := s.identity(r) // ARC-AUTH-15, ARC-URL-09
		if err != nil {
			return err
		}
		if r.PathValue("projectId") != id.Owner() { // ARC-AUTH-05, ARC-AUTH-13, ARC-START-22
			return account.ErrForeign
		}
		return next(w, r, id)
	}
}

func (s *Server) identity(r *http.Request) (account.Identity, error) {
	return s.Verifier.REST(r.Context(), r.Header.Get("Authorization"), r.Header.Get("X-OPENTOK-AUTH"))
}

// client calls next if the client token belongs to the session in the path.
func (s *Server) client(next clientHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, err := clientToken(r)
		if err != nil {
			return err
		}
		sessionID, err := pathSession(r)
		if err != nil {
			return err
		}
		c, err := s.Verifier.Client(r.Context(), token, sessionID)
		if err != nil {
			return err
		}
		return next(w, r, c)
	}
}

func (s *Server) publication(next tokenHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, err := clientToken(r)
		if err != nil {
			return err
		}
		if _, err := pathSession(r); err != nil {
			return err
		}
		if _, err := pathID(r, "streamId"); err != nil {
			return err
		}
		return next(w, r, account.Identify(token))
	}
}

func (s *Server) control(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.ControlAPI.Authorize(r); err != nil {
			return err
		}
		if id := r.PathValue("applicationId"); id != "" && !account.IsUUID(id) {
			return badID("applicationId", id)
		}
		return next(w, r)
	}
}

// pathID returns an id from the path. It must be a UUID, as all ids are but those of sessions.
func pathID(r *http.Request, name string) (string, error) {
	id := r.PathValue(name)
	if !account.IsUUID(id) {
		return "", badID(name, id)
	}
	return id, nil
}

func pathSession(r *http.Request) (string, error) {
	id := r.PathValue("sessionId")
	if _, err := account.ParseID(id); err != nil {
		return "", badSession(id)
	}
	return id, nil
}

func badID(name, id string) error {
	return &archive.Error{Kind: archive.Invalid, Field: name, Message: name + " must be a UUID in lower case, got " + quote(id)}
}

func badSession(id string) error {
	return &archive.Error{Kind: archive.Invalid, Field: "sessionId", Message: "sessionId must be the id of a session, got " + quote(id)}
}
