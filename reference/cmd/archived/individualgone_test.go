package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestIndividualDeleted checks that nothing is left of an application that is deleted while its archive waits for its target, with or without
// clients in the session. An archive cannot be deleted before it is stored.
func TestIndividualDeleted(t *testing.T) {
	t.Parallel()
	for name, alone := range map[string]bool{"somebody is there": false, "nobody is there": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := gather(t, 1)
			e.bucket.down.Store(true)
			a, _ := e.start(map[string]any{"outputMode": "individual"})
			composed, _ := e.start(map[string]any{"multiArchiveTag": "composed"})
			e.pass(1)
			e.client.stopArchive(a.ID)
			e.client.stopArchive(composed.ID)
			for _, id := range []string{a.ID, composed.ID} {
				await(t, "file that waits", fileWithin, func() bool { return e.client.archive(id).Size > 0 })
			}
			exchange(t, http.MethodDelete, e.client.url+e.client.project()+"/archive/"+a.ID, e.client.app.Bearer(t, time.Now(), nil), nil, http.StatusConflict, nil)
			if alone {
				e.publishers[0].Stop()
				await(t, "an empty session", fileWithin, func() bool { return len(e.client.streams(e.session)) == 0 })
			}
			if len(e.server.leftovers()) < 3 {
				t.Errorf("there is only %v", e.server.leftovers())
			}
			exchange(t, http.MethodDelete, e.server.ready.URL+"/control/v1/applications/"+e.client.app.ID, e.server.ready.ControlToken, nil, http.StatusNoContent, nil)
			e.server.expectNoLeftovers()
			e.server.terminate()
		})
	}
	t.Run("once stored", func(t *testing.T) {
		t.Parallel()
		e := gather(t, 1)
		a, _ := e.start(map[string]any{"outputMode": "individual"})
		e.pass(1)
		e.client.stopArchive(a.ID)
		e.delivered(a.ID)
		exchange(t, http.MethodDelete, e.client.url+e.client.project()+"/archive/"+a.ID, e.client.app.Bearer(t, time.Now(), nil), nil, http.StatusNoContent, nil)
		e.server.expectNoLeftovers()
		e.server.terminate()
	})
}

// TestIndividualBesideCertificate checks that an individual archive that runs when a certificate is set stays unencrypted. Its media is sealed
// from the first encrypted archive of the session on, and no other individual archive can begin.
func TestIndividualBesideCertificate(t *testing.T) {
	t.Parallel()
	e, h := gather(t, 1), newKeyHolder(t)
	before, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(1)
	storage := e.bucket.storage()
	storage["certificate"] = h.certificate
	e.client.call(http.MethodPut, e.client.project()+"/archive/storage", storage, nil)
	exchange(t, http.MethodPost, e.client.url+e.client.project()+"/archive", e.client.app.Bearer(t, time.Now(), nil),
		map[string]any{"sessionId": e.session, "outputMode": "individual", "multiArchiveTag": "next"}, http.StatusBadRequest, nil)
	sealed, since := e.start(map[string]any{"multiArchiveTag": "sealed"})
	old := scan(t, e.server.data)
	e.pass(2)
	e.bucket.down.Store(true)
	to := e.act(func() { e.client.stopArchive(before.ID); e.client.stopArchive(sealed.ID) })
	for _, id := range []string{before.ID, sealed.ID} {
		await(t, "file that waits", fileWithin, func() bool { return e.client.archive(id).Size > 0 })
	}
	for path, content := range scan(t, e.server.data) {
		if had := len(old[path]); len(find([]tree{{path: content[min(had, len(content)):]}}, payloads(t))) > 0 {
			t.Errorf("plain after the certificate was set: %s", path)
		}
	}
	if places := find([]tree{old}, payloads(t)); len(places) == 0 || !strings.HasSuffix(places[0], ".seg") {
		t.Errorf("before the certificate was set the scan finds what was published in %v", places)
	}
	e.killServer()
	e.bucket.down.Store(false)
	again := e.restart(t, e.server.data)
	again.advance(time.Hour)
	again.delivered(before.ID).expect(t, 0, span{from[0], to[0]}, 0)
	a := again.client.awaitStatus(sealed.ID, "uploaded")
	watch(t, h.decrypt(t, a.Password, again.bucket.object(t, e.client.app.ID+"/"+sealed.ID+"/archive.mp4"))).expect(t, span{since[0], to[0]}, 0)
	again.server.expectNoLeftovers()
	again.server.terminate()
}
