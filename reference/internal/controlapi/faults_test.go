package controlapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/store"
)

func TestFaults(t *testing.T) {
	f, a := newAPI()
	for body, want := range map[string]string{
		`{"kind":"storage"}`:                          `{"kind":"storage","mode":"status","status":503,"times":1}`,
		`{"kind":"webhook","status":404,"times":7}`:   `{"kind":"webhook","mode":"status","status":404,"times":7}`,
		`{"kind":"storage","mode":"slow","delay":20}`: `{"delay":20,"kind":"storage","mode":"slow","times":1}`,
		`{"kind":"webhook","mode":"refused"}`:         `{"kind":"webhook","mode":"refused","times":1}`,
		`{"kind":"encoder","times":3}`:                `{"kind":"encoder","times":3}`,
	} {
		w := httptest.NewRecorder()
		if err := a.ArmFault(w, request("app", body)); err != nil || w.Code != http.StatusCreated || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %v, %d %s", body, err, w.Code, w.Body)
		}
		if got := a.Board.Armed("app"); len(got) != 1 {
			t.Errorf("%s: armed %+v", body, got)
		}
		w = httptest.NewRecorder()
		if err := a.Faults(w, request("app", "")); err != nil || strings.TrimSpace(w.Body.String()) != `{"items":[`+want+`]}` {
			t.Errorf("listed %v %s", err, w.Body)
		}
		if err := a.ClearFaults(httptest.NewRecorder(), request("app", "")); err != nil || len(a.Board.Armed("app")) != 0 {
			t.Errorf("cleared: %v, %v", err, a.Board.Armed("app"))
		}
	}
	for _, body := range []string{
		`{}`, `{"kind":"network"}`, `{"kind":"disk","times":0}`, `{"kind":"disk","times":1000001}`, `{"kind":"storage","status":200}`,
		`{"kind":"storage","status":600}`, `{"kind":"storage","mode":"odd"}`, `{"kind":"storage","delay":0}`, `{"kind":"storage","delay":600001}`,
	} {
		if err := a.ArmFault(httptest.NewRecorder(), request("app", body)); kind(err) != archive.Invalid || len(a.Board.Armed("app")) != 0 {
			t.Errorf("%s: %v", body, err)
		}
	}
	a.Board.Arm("app", fault.Fault{Kind: fault.Disk, Times: 1})
	if err := a.Reset(httptest.NewRecorder(), request("app", "")); err != nil || !slices.Equal(f.reset, []string{"app"}) || len(a.Board.Armed("app")) != 0 {
		t.Errorf("reset: %v, %v", err, f.reset)
	}
}

func TestDeliveries(t *testing.T) {
	f, a := newAPI()
	f.log = []store.Delivery{
		{ID: 2, URL: "http://h/", SessionID: "s", Body: []byte(`{"event":"sessionCreated"}`), CreatedAt: start, Outcome: store.Dropped, Attempts: 3},
		{ID: 1, URL: "http://h/", SessionID: "s", ArchiveID: "a", Body: []byte(`{"event":"archive"}`), CreatedAt: start, LastStatus: 200, Outcome: store.Delivered},
	}
	w := httptest.NewRecorder()
	if err := a.Deliveries(w, request("app", "")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"state":"abandoned"`, `"state":"delivered"`, `"lastStatus":200`, `"attempts":3`, `"body":{"event":"sessionCreated"}`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	for id, want := range map[string]archive.Kind{"2": "<nil>", "9": archive.NotFound, "x": archive.NotFound, "": archive.NotFound} {
		r := request("app", "")
		r.SetPathValue("deliveryId", id)
		if err := a.ReplayDelivery(httptest.NewRecorder(), r); kind(err) != want {
			t.Errorf("replay %q: %v", id, err)
		}
	}
	if !slices.Equal(f.replayed, []int64{2}) {
		t.Errorf("replayed %v", f.replayed)
	}
}
