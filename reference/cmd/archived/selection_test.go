package main

import (
	"net/http"
	"testing"
	"time"
)

// TestSelectedStream adds a stream to an archive by a call and removes it again. The file must show it between the two.
func TestSelectedStream(t *testing.T) {
	t.Parallel()
	p, c, session, publisher := onAir(t, nil)
	var streams struct{ Items []struct{ ID string } }
	c.call(http.MethodGet, c.project()+"/session/"+session+"/stream", nil, &streams)
	stream := streams.Items[0].ID
	var a struct {
		archiveView
		Streams []struct {
			StreamID           string
			HasAudio, HasVideo bool
		}
	}
	c.call(http.MethodPost, c.project()+"/archive", map[string]string{"sessionId": session, "streamMode": "manual"}, &a)
	selects := func(body map[string]any) {
		exchange(t, http.MethodPatch, c.url+c.project()+"/archive/"+a.ID+"/streams", c.app.Bearer(t, time.Now(), nil), body, http.StatusNoContent, nil)
	}
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	var recorded span
	recorded.from = act(publisher, func() { selects(map[string]any{"addStream": stream}) })
	publisher.AwaitSent(recorded.from.late + seconds(3))
	c.call(http.MethodGet, c.project()+"/archive/"+a.ID, nil, &a)
	if len(a.Streams) != 1 || a.Streams[0].StreamID != stream || !a.Streams[0].HasAudio || !a.Streams[0].HasVideo {
		t.Errorf("streams %+v", a.Streams)
	}
	recorded.to = act(publisher, func() { selects(map[string]any{"removeStream": stream}) })
	publisher.AwaitSent(publisher.Sent() + seconds(1))
	if got := c.archive(a.ID).Status; got != "paused" {
		t.Errorf("without its stream the archive is %s", got)
	}
	c.stopArchive(a.ID)
	publisher.Stop()
	watch(t, download(t, c.awaitStatus(a.ID, "available").URL)).expect(t, recorded, 0)
	p.terminate()
}
