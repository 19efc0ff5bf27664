package main

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// These tests take minutes and need the machine for themselves.
var (
	publishers   = flag.Bool("publishers", false, "run the tests with publishers that others wrote")
	standstillOf = flag.Int("publishers.standstill", 20, "for how many seconds the screen of a publisher stands still")
	weriftIn     = flag.String("publishers.werift", "", "the folder in which npm installed werift")
)

// trial is a script for a foreign publisher and faults of the network during it.
type trial struct {
	name      string
	videoType string // camera or screen
	script    script
	heldUp    time.Duration // the network holds everything up for this time, after half of the beats
	cutOff    time.Duration // the network loses everything for this time, after a quarter of the beats
}

// TestPublisherChromium records Chromium.
func TestPublisherChromium(t *testing.T) {
	chromium.record(t, plain(), microphoneAway(), heldUp(1500*time.Millisecond), heldUp(3*time.Second),
		cutOff(8*time.Second), fewPictures("screen"), fewPictures("camera"), standstill())
}

// TestPublisherFirefox records Firefox.
func TestPublisherFirefox(t *testing.T) {
	firefox.record(t, plain(), microphoneAway(), heldUp(1500*time.Millisecond), heldUp(3*time.Second),
		fewPictures("screen"), fewPictures("camera"), standstill())
}

// TestPublisherGStreamer records webrtcbin, with its default sender reports.
func TestPublisherGStreamer(t *testing.T) {
	gstreamer.record(t, plain(), heldUp(1500*time.Millisecond), heldUp(3*time.Second))
}

// TestPublisherWerift records werift, whose sender reports have no fraction.
func TestPublisherWerift(t *testing.T) {
	werift.record(t, plain(), heldUp(1500*time.Millisecond), heldUp(3*time.Second))
}

// plain returns a trial of 20 s without faults.
func plain() trial {
	return trial{name: "plain", videoType: "camera", script: script{Period: 1000, Beats: 20, Rate: 25}}
}

// microphoneAway removes the audio source for 1.2 s.
func microphoneAway() trial {
	p := plain()
	p.name = "microphone away"
	p.script.Away.Beat, p.script.Away.Milliseconds = 8, 1200
	return p
}

// heldUp lets the network hold everything up for a while and then deliver it at once.
func heldUp(length time.Duration) trial {
	p := plain()
	p.name, p.heldUp = "held up "+length.String(), length
	return p
}

// cutOff lets the network lose everything for a while.
func cutOff(length time.Duration) trial {
	p := plain()
	p.name, p.cutOff, p.script.Beats = "cut off "+length.String(), length, 40
	return p
}

// fewPictures has one picture every 2 s.
func fewPictures(videoType string) trial {
	return trial{name: "few pictures, " + videoType, videoType: videoType, script: script{Period: 2000, Beats: 12}}
}

// standstill has a screen that does not change for a while, and sound.
func standstill() trial {
	p := plain()
	p.name, p.videoType = "standstill", "screen"
	p.script.Still.From, p.script.Still.To = 5, 5+*standstillOf
	p.script.Beats = p.script.Still.To + 8
	return p
}

// record records each trial in a composed and an individual archive at the same time, and checks both.
func (f foreign) record(t *testing.T, list ...trial) {
	if !*publishers {
		t.Skip("only with -publishers, as `make publishers` has it")
	}
	if why := f.missing(); why != "" {
		t.Skip(why)
	}
	p := start(t, t.TempDir())
	c := defaultClient(t, p)
	for _, one := range list {
		t.Run(one.name, func(t *testing.T) {
			c.t = t
			one.record(t, f, c)
		})
	}
	p.terminate()
}

func (p trial) record(t *testing.T, f foreign, c client) {
	t.Helper()
	session := c.createSession()
	g := serveScript(t, p.script, c.endpoint(session, p.videoType))
	g.script.Token = c.app.Client(t, time.Now(), session, nil)
	if p.heldUp > 0 || p.cutOff > 0 {
		g.path = holdUp(t)
	}
	if f.encoded {
		g.media = encodeScript(t, p.script)
	}
	f.play(t, g.url)
	g.until("beat", 1)
	composed, individual := c.startBoth(session)
	from := g.newest() + 2 // the beat during which the archives began is incomplete
	if p.heldUp > 0 {
		g.until("beat", p.script.Beats/2)
		g.path.hold()
		time.Sleep(p.heldUp)
		g.path.release()
	}
	if p.cutOff > 0 {
		g.until("beat", p.script.Beats/4)
		g.cutOff(p.cutOff)
	}
	g.until("end", 0)
	c.stopArchive(composed)
	c.stopArchive(individual)
	mp4 := save(t, download(t, c.awaitStatus(composed, "available").URL))
	files := download(t, c.awaitStatus(individual, "available").URL)
	period := time.Duration(p.script.Period) * time.Millisecond
	p.compare(t, "composed", g, from, listen(t, mp4, period), apartWithin+gridWithin, f.blur)
	if p.cutOff > 0 { // the stream then has a second file
		archive := filepath.Join(t.TempDir(), "archive.zip")
		must(t, os.WriteFile(archive, files, 0o600))
		mp4 = save(t, rendered(t, everyLayout[0], archive))
		p.compare(t, "individual, composed", g, from, listen(t, mp4, period), apartWithin+gridWithin, f.blur)
		return
	}
	webm := saveOnly(t, files)
	p.compare(t, "individual", g, from, listen(t, webm, period), apartWithin, f.blur)
}

// startBoth starts a composed archive and an individual one.
func (c client) startBoth(session string) (composed, individual string) {
	c.t.Helper()
	for mode, id := range map[string]*string{"composed": &composed, "individual": &individual} {
		var a archiveView
		c.call(http.MethodPost, c.project()+"/archive", map[string]string{"sessionId": session, "outputMode": mode, "multiArchiveTag": mode}, &a)
		*id = a.ID
	}
	return composed, individual
}

// saveOnly saves the only media file of an individual archive.
func saveOnly(t *testing.T, file []byte) (path string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	for _, f := range z.File {
		if f.Name == "manifest.json" {
			continue
		}
		if path != "" {
			t.Fatalf("%d files in the archive, want one and the manifest", len(z.File))
		}
		r, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		path = filepath.Join(t.TempDir(), "single"+filepath.Ext(f.Name))
		must(t, os.WriteFile(path, content, 0o600))
	}
	return path
}

// Limits for the distance of a picture and the tone of its beat, in addition to what the publisher reports.
const (
	apartWithin = 40 * time.Millisecond
	// gridWithin is half of the time between pictures of a composed archive. Each picture shows what is nearest to its time.
	gridWithin = 20 * time.Millisecond
)

// evenWithin is how far a tone may be from its time, relative to the first tone. Differences of the sender's clock are corrected as they become
// known.
const evenWithin = 100 * time.Millisecond

// compare compares the picture and sound of a file with what was sent from a beat on.
func (p trial) compare(t *testing.T, name string, g *scriptServer, from int, b beats, within, blur time.Duration) {
	t.Helper()
	b.forget(g.lost)
	var apart []time.Duration
	var each []string
	flashes, beeps := 0, 0
	for beat := from; beat < p.script.Beats; beat++ {
		flash, seen := b.flash[beat]
		beep, heard := b.beep[beat]
		if seen {
			flashes++
		} else if !p.script.still(beat) && !g.lost.has(beat) {
			t.Errorf("%s: beat %d is not seen", name, beat)
		}
		if heard {
			beeps++
		} else if !p.script.away(beat) && !g.lost.has(beat) {
			t.Errorf("%s: beat %d is not heard", name, beat)
		}
		each = append(each, "-")
		if seen && heard {
			off := flash - beep - g.late[beat]
			apart, each[beat-from] = append(apart, off), fmt.Sprint(off.Milliseconds())
			if off.Abs() > within+blur {
				t.Errorf("%s: the picture of beat %d is %v after its tone, want %v at most", name, beat, off, within+blur)
			}
		}
	}
	p.checkPace(t, name, b, evenWithin+blur)
	if len(b.dark) > 0 {
		t.Errorf("%s: pictures that show nothing: %v", name, b.dark)
	}
	if len(apart) == 0 {
		t.Fatalf("%s: no beat is seen and heard", name)
	}
	t.Logf("%s: of %d beats from %d on %d flashes, %d beeps; apart, in ms: %s", name, p.script.Beats-from, from, flashes, beeps, strings.Join(each, " "))
	slices.Sort(apart)
	if median := apart[len(apart)/2]; median.Abs() > within {
		t.Errorf("%s: the picture is %v after the tone in the median, want %v at most", name, median, within)
	}
	t.Logf("%s: apart min %v, median %v, max %v", name, apart[0], apart[len(apart)/2], apart[len(apart)-1])
}

// checkPace checks that the time between tones is the same as when they were played.
func (p trial) checkPace(t *testing.T, name string, b beats, within time.Duration) {
	t.Helper()
	var least, most time.Duration
	first := slices.Min(append(slices.Collect(maps.Keys(b.beep)), p.script.Beats))
	for beat, at := range b.beep {
		off := at - b.beep[first] - time.Duration((beat-first)*p.script.Period)*time.Millisecond
		least, most = min(least, off), max(most, off)
	}
	t.Logf("%s: tones are %v to %v from where the first one puts them", name, least, most)
	if most-least > within {
		t.Errorf("%s: the distances of tones vary by %v, want %v at most", name, most-least, within)
	}
}

// still reports whether the picture of a beat is not drawn.
func (s script) still(beat int) bool { return beat > s.Still.From && beat <= s.Still.To }

// away reports whether the tone of a beat is not sent.
func (s script) away(beat int) bool {
	from := s.Away.Beat*s.Period + s.Period/2
	return beat*s.Period >= from && beat*s.Period < from+s.Away.Milliseconds
}
