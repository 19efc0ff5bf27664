package main

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestLayoutWhileRecording shows one stream large by the class in its token, then small in the corner, then large by a class set by a call.
func TestLayoutWhileRecording(t *testing.T) {
	t.Parallel()
	p, c, session, publisher := onAir(t, map[string]any{"initial_layout_class_list": "x focus"})
	var streams struct {
		Items []struct {
			ID              string
			LayoutClassList []string
		}
	}
	c.call(http.MethodGet, c.project()+"/session/"+session+"/stream", nil, &streams)
	if got := streams.Items[0].LayoutClassList; !slices.Equal(got, []string{"x", "focus"}) {
		t.Errorf("classes %v", got)
	}
	var a archiveView
	c.call(http.MethodPost, c.project()+"/archive", map[string]any{"sessionId": session, "layout": map[string]string{"type": "verticalPresentation"}}, &a)
	pass := func() { publisher.AwaitSent(publisher.Sent() + seconds(1.5)) }
	pass()
	layout := c.project() + "/archive/" + a.ID + "/layout"
	c.call(http.MethodPut, layout, map[string]string{"type": "pip"}, &a)
	pass()
	classes := []map[string]any{{"id": streams.Items[0].ID, "layoutClassList": []string{"full"}}}
	c.call(http.MethodPut, c.project()+"/session/"+session+"/stream", map[string]any{"items": classes}, nil)
	pass()
	c.stopArchive(a.ID)
	exchange(t, http.MethodPut, c.url+layout, c.app.Bearer(t, time.Now(), nil), map[string]string{"type": "pip"}, http.StatusConflict, nil)
	a = c.awaitStatus(a.ID, "available")
	publisher.Stop()
	got := places(t, download(t, a.URL))
	if want := []string{"right", "corner", "everywhere"}; !slices.Equal(got, want) {
		t.Errorf("the stream was %v, want %v", got, want)
	}
	p.terminate()
}

// places returns the place of the only stream each time it changes.
func places(t *testing.T, mp4 []byte) (list []string) {
	t.Helper()
	const width, height = 64, 48
	for picture := range slices.Chunk(decode(t, save(t, mp4), "scale=64:48:flags=area", "rgb24"), 3*width*height) {
		lit := func(x, y int) bool { // looks at several pixels, because dark details move over the fixture
			for dy := -4; dy <= 4; dy++ {
				at := 3 * ((y+dy)*width + x)
				if slices.Max(picture[at-3*4:at+3*5]) > 48 {
					return true
				}
			}
			return false
		}
		place := "nowhere"
		switch left, middle, corner := lit(6, 24), lit(32, 24), lit(51, 9); {
		case left && middle && corner:
			place = "everywhere"
		case !left && middle && corner:
			place = "right"
		case !left && !middle && corner:
			place = "corner"
		}
		if place != "nowhere" && (len(list) == 0 || list[len(list)-1] != place) {
			list = append(list, place)
		}
	}
	return list
}
