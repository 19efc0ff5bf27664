package main

import (
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/storage"
)

// observer knows what was promised, by answers and by commits before the server was killed. It finds promises that were broken.
type observer struct {
	t       testing.TB
	hooks   *announcements
	buckets map[string]*moodyBucket // by application
	mayFail map[string]bool         // applications without fallback

	postgres string // URL of the database; "" = SQLite in the data directory

	lost, duplicated, missing int

	mu    sync.Mutex
	known map[string]*observation // by archive
}

// observation is what is known about an archive.
type observation struct {
	row      archive.Archive
	statuses []archive.Status // committed statuses, in order, as far as they were seen
	file     string           // SHA-256 of the complete file
}

func newObserver(t *testing.T) *observer {
	return &observer{t: t, hooks: receiveAnnouncements(t), buckets: map[string]*moodyBucket{}, mayFail: map[string]bool{}, known: map[string]*observation{}}
}

// ranks orders the statuses: an archive never goes back.
var ranks = map[archive.Status]int{
	archive.Started: 0, archive.Paused: 0, archive.Stopped: 1, archive.Uploaded: 2, archive.Available: 2, archive.Failed: 2,
	archive.Expired: 3, archive.Deleted: 4,
}

// saw records a status in an answer.
func (w *observer) saw(id, status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(id, archive.Status(status))
}

func (w *observer) note(id string, status archive.Status) *observation {
	p := w.known[id]
	if p == nil {
		p = &observation{}
		w.known[id] = p
	}
	if n := len(p.statuses); n > 0 {
		last := p.statuses[n-1]
		if last == status {
			return p
		}
		if ranks[status] < ranks[last] || ranks[status] == ranks[last] && ranks[status] >= 2 {
			w.lose("archive %s was %v and is %s now", id, p.statuses, status)
		}
	}
	p.statuses = append(p.statuses, status)
	return p
}

func (w *observer) lose(format string, args ...any) {
	w.lost++
	w.t.Errorf("lost: "+format, args...)
}

// inspect compares the data of a killed server with the promises, and adds what it finds to them.
func (w *observer) inspect(data string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	db := w.database(data)
	defer db.Close()
	rows, err := db.Query("SELECT data FROM archives ORDER BY seq")
	w.must(err)
	defer rows.Close()
	there := map[string]bool{}
	for rows.Next() {
		var raw string
		var a archive.Archive
		w.must(rows.Scan(&raw))
		w.must(json.Unmarshal([]byte(raw), &a))
		there[a.ID] = true
		p := w.note(a.ID, a.Status)
		p.row = a
		if content, complete := w.file(data, a); complete {
			w.compare(p, content)
		}
	}
	w.must(rows.Err())
	for id := range w.known {
		if !there[id] {
			w.lose("archive %s is gone", id)
		}
	}
}

// database opens the database. It opens a copy of a SQLite file, because opening the original would repair it.
func (w *observer) database(data string) *sql.DB {
	w.t.Helper()
	if w.postgres != "" {
		db, err := sql.Open("pgx", w.postgres)
		w.must(err)
		return db
	}
	path := filepath.Join(w.t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(filepath.Join(data, "archived.db"+suffix))
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		w.must(err)
		w.must(os.WriteFile(path+suffix, content, 0o600))
	}
	db, err := sql.Open("sqlite", "file:"+path)
	w.must(err)
	return db
}

// file returns the file of an archive from the place where it must be.
func (w *observer) file(data string, a archive.Archive) (content []byte, complete bool) {
	var r io.ReadCloser
	var err error
	switch {
	case a.Status == archive.Stopped && a.FileReady && a.OutputMode == archive.Individual:
		r, err = w.captured(data, a)
	case a.Status == archive.Stopped && a.FileReady:
		r, err = compose.Open(filepath.Join(data, "recordings", "archives", a.ID))
	case a.Status == archive.Available:
		r, err = os.Open(filepath.Join(data, "cloud", "files", filepath.FromSlash(storage.Key(a))))
	case a.Status == archive.Uploaded:
		object, failure := w.buckets[a.ApplicationID].backend.GetObject(w.t.Context(), bucketName, storage.Key(a), nil)
		if err = failure; err == nil {
			r = object.Contents
		}
	default:
		return nil, false
	}
	if err == nil {
		content, err = io.ReadAll(r)
		err = errors.Join(err, r.Close())
	}
	if err != nil {
		w.lose("file of %s archive %s: %v", a.Status, a.ID, err)
	} else if a.OutputMode == archive.Individual {
		w.expectBundle(a, content)
	}
	return content, err == nil
}

func (w *observer) compare(p *observation, content []byte) {
	digest := sha256.Sum256(content)
	sum := base64.StdEncoding.EncodeToString(digest[:])
	if p.file == "" {
		p.file = sum
	}
	if a := p.row; sum != p.file || a.SHA256Sum != "" && a.SHA256Sum != sum || a.Size != int64(len(content)) {
		w.lose("file of archive %s: %s of %d bytes, it was %s before, and the archive says %s of %d", a.ID, sum, len(content), p.file, a.SHA256Sum, a.Size)
	}
}

// expectNothingOwed checks that in the end there is nothing left to do, and no file left over.
func (w *observer) expectNothingOwed(data string) {
	db := w.database(data)
	defer db.Close()
	for what, query := range map[string]string{
		"effects":  "SELECT count(*) FROM outbox",
		"webhooks": "SELECT count(*) FROM deliveries WHERE outcome <> 'delivered'",
		"jobs":     "SELECT count(*) FROM river_job WHERE state <> 'completed'",
	} {
		var n int
		w.must(db.QueryRow(query).Scan(&n))
		if n > 0 {
			w.lose("%d %s are still owed", n, what)
		}
	}
	for _, dir := range []string{"journals", "archives"} {
		left, err := os.ReadDir(filepath.Join(data, "recordings", dir))
		w.must(err)
		if len(left) > 0 {
			w.t.Errorf("%d files are left in recordings/%s", len(left), dir)
		}
	}
}

// check compares every archive with its announcements.
func (w *observer) check() {
	for id, p := range w.known {
		last := p.statuses[len(p.statuses)-1]
		switch last {
		case archive.Uploaded, archive.Expired, archive.Deleted:
		case archive.Failed:
			if !w.mayFail[p.row.ApplicationID] {
				w.lose("archive %s failed: %+v", id, p.row)
			}
		default:
			w.lose("archive %s is %s in the end: %+v", id, last, p.row)
		}
		w.checkWebhooks(id, p)
	}
	for id, bodies := range w.hooks.sessions {
		w.checkSession(id, bodies)
	}
	for id := range w.hooks.bodies {
		if w.known[id] == nil {
			w.lose("archive %s was announced and does not exist", id)
		}
	}
}

func (w *observer) checkWebhooks(id string, p *observation) {
	bodies := slices.Compact(slices.Clone(w.hooks.bodies[id])) // a repeated one comes before the next
	seen := map[string]bool{}
	var announced []archive.Status
	for _, body := range bodies {
		var b struct{ Status archive.Status }
		w.must(json.Unmarshal([]byte(body), &b))
		if seen[body] {
			w.missing++
			w.t.Errorf("archive %s: webhooks out of order: %s", id, strings.Join(bodies, "\n"))
		}
		seen[body] = true
		if b.Status != "streamAdded" && b.Status != "streamRemoved" {
			announced = append(announced, b.Status)
		}
	}
	for i, s := range announced {
		entered := slices.Contains(announced[:i], s)
		if entered && s != archive.Started && s != archive.Paused || i > 0 && announced[i-1] == s {
			w.duplicated++
			w.t.Errorf("archive %s entered %s twice: %v", id, s, announced)
		}
	}
	if missing := unannounced(p.statuses, announced); len(missing) > 0 {
		w.missing += len(missing)
		w.t.Errorf("archive %s: no webhook of %v among %v, statuses %v", id, missing, announced, p.statuses)
	}
	if !legal(announced) {
		w.missing++
		w.t.Errorf("archive %s: webhooks %v", id, announced)
	}
}

// unannounced returns the statuses that were not announced in their order. A deletion is not announced.
func unannounced(statuses, announced []archive.Status) (missing []archive.Status) {
	for _, s := range statuses {
		if s == archive.Deleted {
			continue
		}
		if i := slices.Index(announced, s); i >= 0 {
			announced = announced[i+1:]
		} else {
			missing = append(missing, s)
		}
	}
	return missing
}

// legal reports whether an archive may have had these statuses in this order.
func legal(way []archive.Status) bool {
	i := 0
	for ; i < len(way) && ranks[way[i]] == 0; i++ {
		if want := [2]archive.Status{archive.Started, archive.Paused}[i%2]; way[i] != want {
			return false
		}
	}
	end := way[i:]
	return i > 0 && len(end) >= 2 && end[0] == archive.Stopped && ranks[end[1]] == 2 &&
		(len(end) == 2 || len(end) == 3 && end[1] == archive.Available && end[2] == archive.Expired)
}

// finals returns the number of archives by last status.
func (w *observer) finals() map[archive.Status]int {
	n := map[archive.Status]int{}
	for _, p := range w.known {
		n[p.statuses[len(p.statuses)-1]]++
	}
	return n
}

func (w *observer) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// announcements receives the status webhooks of many archives and refuses one in ten.
type announcements struct {
	url  string
	kind atomic.Bool // if set, refuses none
	mu   sync.Mutex  // guards the rest

	requests int
	refused  map[string]int      // number of refusals, by body
	bodies   map[string][]string // accepted bodies, by archive
	sessions map[string][]string // accepted bodies of session monitoring, by session
}

func receiveAnnouncements(t *testing.T) *announcements {
	n := &announcements{refused: map[string]int{}, bodies: map[string][]string{}, sessions: map[string][]string{}}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	n.url = server.URL
	return n
}

const (
	refuseEvery = 10
	// refuseMost is the number of times one webhook may be refused before the server sends later ones ahead of it (ARC-CB-29).
	refuseMost = 2
)

func (n *announcements) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var about struct{ ID, Event, SessionID string }
	if err = errors.Join(err, json.Unmarshal(body, &about)); err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.requests++; n.requests%refuseEvery == 0 && n.refused[string(body)] < refuseMost && !n.kind.Load() {
		n.refused[string(body)]++
		http.Error(answer, "not now", http.StatusServiceUnavailable)
		return
	}
	if about.Event != "archive" {
		n.sessions[about.SessionID] = append(n.sessions[about.SessionID], string(body))
		return
	}
	n.bodies[about.ID] = append(n.bodies[about.ID], string(body))
}

func (n *announcements) calm() { n.kind.Store(true) }

func (n *announcements) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.requests
}
