package mutants

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/verdict"
)

// service builds the evidence of a run against the service from its recorded answers; see testdata/service/README.md.
type service struct {
	t       *testing.T
	records []evidence.Record
	ids     map[string]string // of the next records
	as      evidence.Identity
}

func (s *service) recorded(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "service", name))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// like returns a recorded object with other values, for an answer that went before it and was not recorded.
func (s *service) like(name string, values map[string]any) string {
	s.t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(s.recorded(name)), &o); err != nil {
		s.t.Fatal(err)
	}
	for key, value := range values {
		o[key] = value
	}
	text, err := json.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *service) member(name, path string) string {
	s.t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(s.recorded(name)), &doc); err != nil {
		s.t.Fatal(err)
	}
	if list, ok := doc.([]any); ok {
		doc = list[0]
	}
	o, _ := doc.(map[string]any)
	text, _ := o[path].(string)
	return text
}

func (s *service) append(at time.Time, r evidence.Record) {
	r.Seq, r.Time, r.Scenario = int64(len(s.records)+1), at, "service"
	ids := map[string]string{}
	for key, id := range s.ids {
		ids[key] = id
	}
	for key, id := range r.IDs {
		ids[key] = id
	}
	r.IDs = ids
	s.records = append(s.records, r)
}

// call records an exchange that began ms milliseconds after the epoch and took 50 ms.
func (s *service) call(ms int64, op evidence.Operation, path, request string, status int, answer string, archive string, flaw evidence.Flaw, accept ...string) {
	at := time.UnixMilli(ms)
	ids := map[string]string{}
	if archive != "" {
		ids[evidence.Archive] = archive
	}
	s.append(at, evidence.Record{IDs: ids, Exchange: &evidence.Exchange{Operation: op, Identity: s.as, Flaw: flaw, Started: at, Duration: 50 * time.Millisecond,
		Request:  evidence.Request{URL: "https://video.example.com" + path, Header: http.Header{"Accept": accept}, Body: evidence.Body{Text: request, Size: int64(len(request))}},
		Response: &evidence.Response{Status: status, Body: evidence.Body{Text: answer, Size: int64(len(answer))}}}})
}

const wantsJSON = "application/json"

// unified is what the Python SDK's tests have recorded.
func (s *service) unified() {
	app, session := s.member("session.json", "project_id"), s.member("session.json", "session_id")
	project := "/v2/project/" + app + "/archive"
	first, second := s.member("start.json", "id"), s.member("stop.json", "id")
	s.as, s.ids = evidence.AsUnified, map[string]string{evidence.Application: app}
	s.call(1726462588600, evidence.CreateSession, "/session/create", "p2p.preference=disabled", 200, s.recorded("session.json"), "", evidence.NoFlaw, wantsJSON)
	s.ids[evidence.Session] = session
	s.append(time.UnixMilli(1727870430000), evidence.Record{Client: &evidence.Client{Name: "alice", Event: "open"}})
	stream := s.member("stream.json", "id")
	track := evidence.Published{Kind: "video", Codec: "VP8", Fixture: "vp8-01", VideoType: "camera", First: time.UnixMilli(1727870431000), Epoch: time.UnixMilli(1727870431000)}
	s.append(track.First, evidence.Record{IDs: map[string]string{evidence.Stream: stream}, Published: &track})
	s.call(1727870434960, evidence.StartArchive, project,
		`{"sessionId":"`+session+`","name":"first archive test","streamMode":"manual","resolution":"1280x720","multiArchiveTag":"my-multi-archive","maxBitrate":2000000}`,
		200, s.recorded("start.json"), "", evidence.NoFlaw, wantsJSON)
	s.call(1727870436000, evidence.StartArchive, project, `{"sessionId":"`+session+`","multiArchiveTag":"my-multi-archive"}`, 409, s.recorded("composed_error.json"), "", evidence.NoFlaw, wantsJSON)
	s.call(1727870437000, evidence.GetStream, "/v2/project/"+app+"/session/"+session+"/stream/"+stream, "", 200, s.recorded("stream.json"), "", evidence.NoFlaw, wantsJSON)
	s.records[len(s.records)-1].IDs[evidence.Stream] = stream
	over := track
	over.Last, over.Ended = time.UnixMilli(1727870508000), true
	s.append(over.Last, evidence.Record{IDs: map[string]string{evidence.Stream: stream}, Published: &over})
	s.append(time.UnixMilli(1727870509000), evidence.Record{Client: &evidence.Client{Name: "alice", Event: "close"}}) // the list shows that the session ended
	s.append(time.UnixMilli(1727871260000), evidence.Record{Client: &evidence.Client{Name: "alice", Event: "open"}})
	s.call(1727871270000, evidence.ListArchives, project, "", 200, s.recorded("list.json"), "", evidence.NoFlaw, wantsJSON)
	s.call(1727871271000, evidence.StopArchive, project+"/"+first+"/stop", "", 409, s.recorded("stop_error.json"), first, evidence.NoFlaw, wantsJSON)
	s.call(1727887463640, evidence.StartArchive, project, `{"sessionId":"`+session+`","name":"archive test","resolution":"1280x720","multiArchiveTag":"start-to-stop"}`, 200,
		s.like("stop.json", map[string]any{"status": "started", "reason": "", "createdAt": 1727887463650, "updatedAt": 1727887463653}), "", evidence.NoFlaw, wantsJSON)
	s.call(1727887464100, evidence.StopArchive, project+"/"+second+"/stop", "", 200, s.recorded("stop.json"), second, evidence.NoFlaw, wantsJSON)
	s.call(1727887464200, evidence.DeleteArchive, project+"/"+second, "", 409, s.recorded("delete_error.json"), second, evidence.NoFlaw, wantsJSON)
}

// legacy is what the Ruby SDK's tests and a README have recorded.
func (s *service) legacy() {
	const key = "40506070"
	session, id := s.member("callback.json", "sessionId"), s.member("callback.json", "id")
	project := "/v2/project/" + key + "/archive"
	s.as, s.ids = evidence.AsLegacy, map[string]string{evidence.Application: "63910b18-9724-4064-85bb-c172839405a6", evidence.APIKey: key}
	s.call(1660070961000, evidence.CreateSession, "/session/create", "p2p.preference=disabled", 200, `[{"session_id":"`+session+`"}]`, "", evidence.NoFlaw, wantsJSON)
	s.call(1660070962000, evidence.ListArchives, project, "", 403, s.recorded("forbidden.json"), "", evidence.UnknownIssuer, wantsJSON)
	s.call(1660070963000, evidence.ListArchives, project, "", 403, s.recorded("forbidden.xml"), "", evidence.UnknownIssuer)
	s.ids[evidence.Session] = session
	s.append(time.UnixMilli(1660241160000), evidence.Record{Client: &evidence.Client{Name: "jo", Event: "open"}})
	sound := evidence.Published{Client: "jo", Kind: "audio", Codec: "Opus", Fixture: "tone-01", First: time.UnixMilli(1660241161000)}
	s.append(sound.First, evidence.Record{IDs: map[string]string{evidence.Stream: "74a21c29-a835-4175-96cc-d283940516b7"}, Published: &sound})
	values := map[string]any{"status": "started", "reason": "", "size": 0, "duration": 0, "sha256sum": "", "updatedAt": 1660241171010, "createdAt": 1660241171005}
	s.call(1660241170990, evidence.StartArchive, project, `{"sessionId":"`+session+`","name":"`+s.member("callback.json", "name")+`","outputMode":"individual"}`, 200,
		s.like("callback.json", values), "", evidence.NoFlaw, wantsJSON)
	values["status"], values["reason"], values["updatedAt"] = "stopped", "user initiated", 1660241466000
	s.call(1660241466000, evidence.StopArchive, project+"/"+id+"/stop", "", 200, s.like("callback.json", values), id, evidence.NoFlaw, wantsJSON)
	body := s.recorded("callback.json")
	s.append(time.UnixMilli(1660241501000), evidence.Record{IDs: map[string]string{evidence.Archive: id}, Webhook: &evidence.Webhook{Method: "POST", Answer: 200,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: evidence.Body{Text: body, Size: int64(len(body))}}})
}

// TestTheServiceItselfPasses checks that no clause fails on what the service itself has answered, and that the clauses
// about answers and callbacks do judge it.
func TestTheServiceItselfPasses(t *testing.T) {
	s := &service{t: t}
	s.legacy()
	s.unified()
	l := ledger(t)
	prepared := judge.Prepare(l, evidence.View{}.With(s.records), everything(l))
	var passed []string
	for _, cl := range l.Clauses {
		switch v := prepared.Judge(cl); v.Outcome {
		case verdict.Fail:
			if cl.ID == "ARC-CB-01" {
				continue // one callback of several is recorded
			}
			t.Errorf("%s: %s %v", cl.ID, v.Reason, v.Findings)
		case verdict.Pass:
			passed = append(passed, cl.ID)
		default: // nothing recorded shows it
		}
	}
	for _, id := range []string{"ARC-AUTH-14", "ARC-CB-02", "ARC-CB-05", "ARC-CB-06", "ARC-CB-07", "ARC-CB-08", "ARC-CB-09", "ARC-CB-11", "ARC-CB-15", "ARC-CB-16", "ARC-CB-17",
		"ARC-CB-18", "ARC-CB-19", "ARC-CB-20", "ARC-CB-21", "ARC-CB-22", "ARC-GET-10", "ARC-LIST-01", "ARC-LIST-02", "ARC-RATE-13", "ARC-RES-08", "ARC-SES-01", "ARC-SES-04", "ARC-SES-08",
		"ARC-SIM-02", "ARC-SIM-07", "ARC-START-03", "ARC-START-07", "ARC-START-18", "ARC-START-19", "ARC-STAT-01", "ARC-STAT-09", "ARC-STOP-01", "ARC-STOP-02",
		"ARC-URL-01", "ARC-URL-02"} {
		if !slices.Contains(passed, id) {
			t.Errorf("%s judges nothing that the service has answered", id)
		}
	}
	t.Logf("%d clauses pass: %s", len(passed), strings.Join(passed, " "))
}
