package api_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/account/accounttest"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/ingest"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/store"
)

// fakeSessions keeps sessions and archives in memory and records every change. A function field replaces the method with the same name.
type fakeSessions struct {
	mu       sync.Mutex
	sessions map[string]archive.Session
	archives map[string]archive.Archive
	clients  map[string]chan archive.Notice
	apps     *accounttest.Applications
	changes  []string

	archive func(appID, archiveID string) (archive.Archive, error)
}

func newFakeSessions(apps *accounttest.Applications) *fakeSessions {
	c := &fakeSessions{sessions: map[string]archive.Session{}, archives: map[string]archive.Archive{}, clients: map[string]chan archive.Notice{}, apps: apps}
	for id, owner := range map[string]string{sessionID: app.ID, foreignSess: other.ID} {
		c.sessions[id] = archive.Session{ID: id, ApplicationID: owner, MediaMode: archive.Routed, ArchiveMode: archive.Manual, CreatedAt: start,
			Connections: []archive.Connection{{ID: connectionID, Data: "who=me", CreatedAt: start}},
			Streams:     []archive.Stream{{ID: streamID, ConnectionID: connectionID, Name: "cam", VideoType: "camera", HasAudio: true, HasVideo: true, CreatedAt: start, LayoutClasses: []string{"focus"}}}}
	}
	c.sessions[relayedID] = archive.Session{ID: relayedID, ApplicationID: app.ID, MediaMode: archive.Relayed, CreatedAt: start}
	c.archives[archiveID] = sample(archiveID, sessionID, app.ID)
	c.archives[foreignID] = sample(foreignID, foreignSess, other.ID)
	return c
}

func sample(id, sess, appID string) archive.Archive {
	return archive.Archive{
		ID: id, SessionID: sess, ApplicationID: appID, Status: archive.Started, OutputMode: archive.Composed, StreamMode: archive.Auto,
		HasAudio: true, HasVideo: true, Resolution: "640x480", CreatedAt: start, UpdatedAt: start,
	}
}

func notFound(what string) error {
	return &archive.Error{Kind: archive.NotFound, Message: what + " does not exist"}
}

func (c *fakeSessions) changed(what string) { c.changes = append(c.changes, what) }

func (c *fakeSessions) Changes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.changes)
}

func (c *fakeSessions) CreateSession(_ context.Context, s archive.Session) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("create session")
	c.sessions[s.ID] = s
	return nil
}

func (c *fakeSessions) Session(_ context.Context, appID, id string) (archive.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.sessions[id]
	if !ok || s.ApplicationID != appID {
		return s, notFound("session")
	}
	return s, nil
}

func (c *fakeSessions) StartArchive(ctx context.Context, appID string, r archive.Request) (archive.Archive, error) {
	s, err := c.Session(ctx, appID, r.Asked().SessionID)
	switch {
	case err != nil:
		return archive.Archive{}, err
	case s.MediaMode == archive.Relayed:
		return archive.Archive{}, &archive.Error{Kind: archive.Conflict, Code: archive.CodeNotRouted, Message: "Only routed sessions are allowed to initiate archives."}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("start")
	a := sample(uuid.NewString(), s.ID, appID)
	a.Name = r.Asked().Name
	c.archives[a.ID] = a
	return a, nil
}

func (c *fakeSessions) Archive(_ context.Context, appID, id string) (archive.Archive, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.archive != nil {
		return c.archive(appID, id)
	}
	a, ok := c.archives[id]
	if !ok || a.ApplicationID != appID {
		return a, notFound("archive")
	}
	return a, nil
}

func (c *fakeSessions) StopArchive(ctx context.Context, appID, id string) (archive.Archive, error) {
	a, err := c.Archive(ctx, appID, id)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changed("stop")
		a.Status, a.Reason = archive.Stopped, archive.ReasonUser
	}
	return a, err
}

func (c *fakeSessions) Archives(_ context.Context, appID string, q archive.Query) ([]archive.Archive, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []archive.Archive
	for _, id := range slices.Sorted(maps.Keys(c.archives)) {
		if a := c.archives[id]; a.ApplicationID == appID && (q.SessionID == "" || q.SessionID == a.SessionID) &&
			(q.Status == "" || q.Status == a.Status) && (q.MultiArchiveTag == "" || q.MultiArchiveTag == a.MultiArchiveTag) {
			all = append(all, a)
		}
	}
	from := min(q.Offset, len(all))
	return all[from:min(from+q.Count, len(all))], len(all), nil
}

func (c *fakeSessions) DeleteArchive(ctx context.Context, appID, id string) error {
	if _, err := c.Archive(ctx, appID, id); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("delete")
	delete(c.archives, id)
	return nil
}

func (c *fakeSessions) AddStream(ctx context.Context, appID, id string, in archive.Inclusion) error {
	return c.selectStream(ctx, appID, id, fmt.Sprintf("add %v %v", in.HasAudio, in.HasVideo), in.StreamID)
}

func (c *fakeSessions) RemoveStream(ctx context.Context, appID, id, stream string) error {
	return c.selectStream(ctx, appID, id, "remove", stream)
}

func (c *fakeSessions) selectStream(ctx context.Context, appID, id, what, stream string) error {
	if _, err := c.Archive(ctx, appID, id); err != nil {
		return err
	}
	if stream != streamID {
		return notFound("stream")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed(what)
	return nil
}

func (c *fakeSessions) Connect(ctx context.Context, appID, id string, client archive.Connection) (*sessions.Subscription, error) {
	s, err := c.Session(ctx, appID, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("connect")
	client.CreatedAt = start
	s.Connections = append(slices.Clone(s.Connections), client)
	c.sessions[id] = s
	ch := make(chan archive.Notice, 16)
	c.clients[client.ID] = ch
	return &sessions.Subscription{Session: s, C: ch}, nil
}

func (c *fakeSessions) Disconnect(_ context.Context, id, connection, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sessions[id]
	if _, ok := s.Connection(connection); !ok {
		return notFound("connection")
	}
	c.changed("disconnect " + reason)
	s.Connections = slices.DeleteFunc(slices.Clone(s.Connections), func(x archive.Connection) bool { return x.ID == connection })
	c.sessions[id] = s
	if ch := c.clients[connection]; ch != nil {
		ch <- archive.Notice{Kind: archive.SessionDisconnected, At: start, Reason: reason}
		close(ch)
		delete(c.clients, connection)
	}
	return nil
}

func (c *fakeSessions) SetStreamClasses(ctx context.Context, appID, id string, classes map[string][]string) error {
	s, err := c.Session(ctx, appID, id)
	if err != nil {
		return err
	}
	for st := range classes {
		if _, ok := s.Stream(st); !ok {
			return notFound("stream")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("classes")
	return nil
}

func (c *fakeSessions) Migrate(ctx context.Context, appID, id string) error {
	return c.move(ctx, appID, id, "migrate")
}

func (c *fakeSessions) Rotate(ctx context.Context, appID, id string, in time.Duration) error {
	return c.move(ctx, appID, id, "rotate in "+in.String())
}

func (c *fakeSessions) move(ctx context.Context, appID, id, what string) error {
	s, err := c.Session(ctx, appID, id)
	if err != nil {
		return err
	}
	if len(s.Connections) == 0 {
		return notFound("client")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed(what)
	return nil
}

func (c *fakeSessions) Now(string) time.Time        { return start }
func (c *fakeSessions) Offset(string) time.Duration { return 0 }

func (c *fakeSessions) Advance(_ context.Context, _ string, target time.Time) (sessions.Walk, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("advance")
	return sessions.Walk{Fired: []sessions.Due{{Kind: "idle", At: target, SessionID: sessionID, ArchiveID: archiveID}},
		Skipped: []sessions.Skip{{ArchiveID: archiveID, By: time.Hour}}}, nil
}

func (c *fakeSessions) Deadlines(context.Context, string) ([]sessions.Due, error) {
	return []sessions.Due{{Kind: "idle", At: start.Add(time.Hour), SessionID: sessionID, ArchiveID: archiveID}, {Kind: "webhook", At: start.Add(2 * time.Hour)}}, nil
}

func (c *fakeSessions) DeleteApplication(_ context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("delete application")
	c.apps.Remove(id)
	return nil
}

func (c *fakeSessions) ResetApplication(context.Context, string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("reset application")
	return nil
}

// testDeliveries is a log with a single webhook, number 1.
type testDeliveries struct{ sessions *fakeSessions }

func (testDeliveries) Deliveries(context.Context, string, int) ([]store.Delivery, error) {
	return []store.Delivery{{ID: 1, URL: "http://hooks/", SessionID: sessionID, ArchiveID: archiveID, Body: []byte(`{"event":"archive"}`), CreatedAt: start, LastStatus: 503}}, nil
}

func (d testDeliveries) ReplayDelivery(_ context.Context, _ string, id int64, _ time.Time) error {
	if id != 1 {
		return store.ErrNotFound
	}
	d.sessions.mu.Lock()
	defer d.sessions.mu.Unlock()
	d.sessions.changed("replay")
	return nil
}

// testApplications behaves like the store.
type testApplications struct {
	*accounttest.Applications
	sessions *fakeSessions
}

func (a testApplications) Application(ctx context.Context, id string) (account.Application, error) {
	found, err := a.Applications.Application(ctx, id)
	if err != nil {
		return found, fmt.Errorf("application: %w", store.ErrNotFound)
	}
	return found, nil
}

func (a testApplications) CreateApplication(_ context.Context, created account.Application) error {
	a.sessions.mu.Lock()
	defer a.sessions.mu.Unlock()
	a.sessions.changed("create application")
	a.Add(created)
	return nil
}

func (a testApplications) UpdateApplication(_ context.Context, changed account.Application) error {
	a.sessions.mu.Lock()
	defer a.sessions.mu.Unlock()
	a.sessions.changed("update application")
	a.Add(changed)
	return nil
}

// fakeIngest accepts every offer that looks like SDP. A publication ends as soon as it is asked to.
type fakeIngest struct {
	gone func(ingest.Publisher, string)

	mu     sync.Mutex
	offers map[string]ingest.Publisher
}

func (f *fakeIngest) Offer(_ context.Context, who ingest.Publisher, sdp string) (ingest.Answer, error) {
	if !strings.HasPrefix(sdp, "v=0") {
		return ingest.Answer{}, &archive.Error{Kind: archive.Invalid, Message: "the offer is not valid SDP"}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offers == nil {
		f.offers = map[string]ingest.Publisher{}
	}
	f.offers[who.Stream.ID] = who
	return ingest.Answer{SDP: "v=0\r\n", ETag: `"` + rand.Text() + `"`, StreamID: who.Stream.ID}, nil
}

func (f *fakeIngest) Patch(_ context.Context, _, _, fragment string) (ingest.Answer, error) {
	if !strings.HasPrefix(fragment, "a=") {
		return ingest.Answer{}, &archive.Error{Kind: archive.Invalid, Message: "not a fragment"}
	}
	return ingest.Answer{}, nil
}

func (f *fakeIngest) Delete(_ context.Context, id string) error {
	f.Disconnect(id, ingest.ClientDisconnected)
	return nil
}

func (f *fakeIngest) Disconnect(id, reason string) {
	f.mu.Lock()
	who, ok := f.offers[id]
	delete(f.offers, id)
	f.mu.Unlock()
	if ok {
		f.gone(who, reason)
	}
}

func (c *fakeSessions) SetLayout(ctx context.Context, appID, archiveID string, l layout.Layout) (archive.Archive, error) {
	a, err := c.Archive(ctx, appID, archiveID)
	if err != nil {
		return a, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed("layout " + string(l.Spec().Type))
	return a, nil
}
