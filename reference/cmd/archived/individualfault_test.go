package main

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/matroska"
	"reelcheck/reference/internal/whiptest"
)

// arm makes the server's IO for the application fail.
func (e *group) arm(kind string, times int) {
	e.t.Helper()
	exchange(e.t, http.MethodPost, e.server.ready.URL+"/control/v1/applications/"+e.client.app.ID+"/faults", e.server.ready.ControlToken,
		map[string]any{"kind": kind, "times": times}, http.StatusCreated, nil)
}

// TestIndividualDiskIsFull checks that only the plan of an individual archive needs disk space, and that the archive waits for it.
func TestIndividualDiskIsFull(t *testing.T) {
	t.Parallel()
	e := gather(t, 1)
	a, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(2)
	e.arm("disk", 4)
	recorded := span{from[0], e.act(func() { e.client.stopArchive(a.ID) })[0]}
	e.delivered(a.ID).expect(t, 0, recorded, 0)
	log, err := os.ReadFile(e.server.logs)
	must(t, err)
	if failures := strings.Count(string(log), "plan not written"); failures != 4 || !strings.Contains(string(log), "no space left on device") {
		t.Errorf("%d attempts failed, want 4 for want of space", failures)
	}
	e.hooks.expect(t, "started", "stopped", "uploaded")
	e.server.expectNoLeftovers()
	e.server.terminate()
}

// TestIndividualJournalIsFull checks that an archive with lost media fails and says so, that one that had stopped before is delivered, and that
// the session can be archived again.
func TestIndividualJournalIsFull(t *testing.T) {
	t.Parallel()
	e := gather(t, 1)
	e.server.broken = true
	e.bucket.down.Store(true)
	before, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(1.5)
	recorded := span{from[0], e.act(func() { e.client.stopArchive(before.ID) })[0]}
	await(t, "plan", fileWithin, func() bool { return e.client.archive(before.ID).Size > 0 })
	lost, _ := e.start(map[string]any{"outputMode": "individual"})
	e.pass(1)
	e.arm("journal", 1)
	if a := e.client.awaitStatus(lost.ID, "failed"); a.Reason != "Internal server failure" || a.Size != 0 {
		t.Errorf("archive %+v", a)
	}
	again, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(1.5)
	anew := span{from[0], e.act(func() { e.client.stopArchive(again.ID) })[0]}
	e.bucket.down.Store(false)
	e.advance(2 * time.Hour)
	e.delivered(before.ID).expect(t, 0, recorded, 0)
	e.delivered(again.ID).expect(t, 0, anew, 0)
	e.server.expectNoLeftovers()
	e.server.terminate()
}

// TestIndividualTakesWhatComes lets a client send anything as video. The files of other clients must be correct, and its own file must have its
// frames.
func TestIndividualTakesWhatComes(t *testing.T) {
	t.Parallel()
	e := gather(t, 1)
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([][]byte, 90)
	for i := range noise {
		noise[i] = make([]byte, 200+rng.IntN(3000))
		for k := range noise[i] {
			noise[i][k] = byte(rng.Uint32())
		}
		noise[i][0] &^= 1 // marks it as a key frame of VP8
		copy(noise[i][3:], []byte{0x9d, 0x01, 0x2a})
	}
	payloads := make([][]byte, 90)
	for i := range payloads {
		payloads[i] = noise[i][:1+rng.IntN(150)]
	}
	senseless := senselessSets(t)
	for i, o := range []whiptest.Options{
		{Frames: noise, Tone: "tone-02"},
		{Frames: payloads, Payloads: true, Tone: "tone-03"},
		{Frames: payloads, Payloads: true, Codec: "H264", Tone: "tone-04"},
		{Frames: senseless, Codec: "H264", Tone: "tone-05"},
	} {
		e.joinWith(o)
		if len(e.publishers) != i+2 {
			t.Fatalf("%d publishers", len(e.publishers))
		}
	}
	a, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(3)
	to := e.act(func() { e.client.stopArchive(a.ID) })
	b := e.delivered(a.ID)
	b.expect(t, 0, span{from[0], to[0]}, 0)
	for i := range e.publishers {
		if files := b.of(i); len(files) != 1 {
			t.Errorf("files of publisher %d: %+v", i, files)
		} else {
			b.expectSound(t, files[0], 0)
		}
	}
	if seen := b.blocks[b.of(1)[0].Filename]; !sent(seen, noise, func(f []byte) []byte { return f }) {
		t.Error("what came of noise is not what was sent")
	}
	if seen := b.blocks[b.of(4)[0].Filename]; !sent(seen, senseless, withoutDelimiters) {
		t.Error("what came of H.264 with senseless parameter sets is not what was sent")
	}
	e.server.expectNoLeftovers()
	e.server.terminate()
}

// joinWith adds a client that publishes other media.
func (e *group) joinWith(o whiptest.Options) {
	e.t.Helper()
	e.publishers = append(e.publishers, e.client.publishThis(e.session, e.claims(), o))
}

// senselessSets returns H.264 with random sequence parameter sets.
func senselessSets(t *testing.T) (frames [][]byte) {
	t.Helper()
	for _, f := range fixture(t, "h264-01") {
		var out []byte
		for nal := range av.NALs(f) {
			if av.NALTypeOf(nal) == av.NALSPS {
				nal = append(bytes.Clone(nal[:2]), 0xff, 0x80, 0x11, 0x2f, 0x99, 0xd7)
			}
			out = av.AppendNAL(out, nal)
		}
		frames = append(frames, out)
	}
	return frames
}

func fixture(t *testing.T, name string) (frames [][]byte) {
	t.Helper()
	manifest, err := fixtures.Load()
	must(t, err)
	v, err := manifest.Video(name)
	must(t, err)
	list, err := v.Frames()
	must(t, err)
	for _, f := range list {
		frames = append(frames, f.Data)
	}
	return frames
}

// withoutDelimiters returns an H.264 frame without the NAL units that receivers may leave out.
func withoutDelimiters(f []byte) (out []byte) {
	for nal := range av.NALs(f) {
		if av.NALTypeOf(nal) != av.NALAUD {
			out = av.AppendNAL(out, nal)
		}
	}
	return out
}

// sent reports whether there are at least two seconds of video, and only frames that were sent.
func sent(seen []matroska.Block, frames [][]byte, normal func([]byte) []byte) bool {
	known := map[string]bool{}
	for _, f := range frames {
		known[string(normal(f))] = true
	}
	seen = slices.DeleteFunc(slices.Clone(seen), func(b matroska.Block) bool { return !b.Track.Codec.Video() })
	return len(seen) >= 2*videoRate && !slices.ContainsFunc(seen, func(b matroska.Block) bool { return !known[string(normal(b.Data))] })
}

// TestIndividualCodecChange checks that a stream that changes its codec continues in another file, and that nothing is lost between the files.
func TestIndividualCodecChange(t *testing.T) {
	t.Parallel()
	e := gather(t, 1)
	e.joinWith(whiptest.Options{Video: video, Then: "h264-01", Tone: "tone-02"})
	a, from := e.start(map[string]any{"outputMode": "individual"})
	e.pass(2)
	e.publishers[1].Switch()
	e.pass(2)
	to := e.act(func() { e.client.stopArchive(a.ID) })
	b := e.delivered(a.ID)
	b.expect(t, 0, span{from[0], to[0]}, 0)
	files := b.of(1)
	if len(files) != 2 || files[0].StreamID+"-1.webm" != files[0].Filename || files[0].StreamID+"-2.webm" != files[1].Filename {
		t.Fatalf("files %+v", files)
	}
	first, second := b.blocks[files[0].Filename], b.blocks[files[1].Filename]
	shots := shotsOf(t, first)
	expectSequence(t, shots)
	if !sent(second, fixture(t, "h264-01"), withoutDelimiters) {
		t.Error("the second file does not consist of what was sent")
	}
	began := slices.IndexFunc(second, func(b matroska.Block) bool { return b.Track.Codec.Video() })
	last := time.Duration(files[0].StartTimeOffset)*time.Millisecond + shots[len(shots)-1].at
	next := time.Duration(files[1].StartTimeOffset)*time.Millisecond + second[began].Time
	if gap := next - last - time.Second/videoRate; !second[began].Key || gap.Abs() > 40*time.Millisecond {
		t.Errorf("the first frame of the second file comes %v after the last one of the first, key frame %t", next-last, second[began].Key)
	}
	e.server.terminate()
}

// TestIndividualTogether runs two individual archives and a composed one of a session at the same time, each with its own streams. It archives
// the session again while they wait to be stored, with the remaining publishers and a new one.
func TestIndividualTogether(t *testing.T) {
	t.Parallel()
	e := gather(t, 2)
	e.bucket.down.Store(true)
	streams := e.client.streams(e.session)
	everything, from := e.start(map[string]any{"outputMode": "individual"})
	some, _ := e.start(map[string]any{"outputMode": "individual", "streamMode": "manual", "multiArchiveTag": "some", "hasAudio": false})
	composed, _ := e.start(map[string]any{"streamMode": "manual", "multiArchiveTag": "composed", "resolution": "640x480"})
	e.include(composed.ID, streams[0])
	e.pass(1)
	chosen := e.act(func() { e.include(some.ID, streams[1]) })
	e.pass(2)
	to := e.act(func() {
		for _, id := range []string{everything.ID, some.ID, composed.ID} {
			e.client.stopArchive(id)
		}
	})
	for _, id := range []string{everything.ID, some.ID, composed.ID} {
		await(t, "file that waits", fileWithin, func() bool { return e.client.archive(id).Size > 0 })
	}
	e.pass(1) // no archive takes anything of it
	e.join()
	next, again := e.start(map[string]any{"outputMode": "individual"})
	film, filmed := e.start(map[string]any{"streamMode": "manual", "multiArchiveTag": "composed"})
	e.include(film.ID, streams[0])
	e.pass(2)
	end := e.act(func() { e.client.stopArchive(next.ID); e.client.stopArchive(film.ID) })
	await(t, "file that waits", fileWithin, func() bool { return e.client.archive(next.ID).Size > 0 && e.client.archive(film.ID).Size > 0 })
	e.bucket.down.Store(false)
	e.advance(2 * time.Hour)

	b := e.delivered(everything.ID)
	for i := range 2 {
		b.expect(t, i, span{from[i], to[i]}, 0)
	}
	b = e.delivered(some.ID)
	if len(b.manifest.Files) != 1 || len(b.of(1)) != 1 {
		t.Fatalf("files %+v, want one of publisher 1", b.manifest.Files)
	}
	shots := shotsOf(t, b.blocks[b.of(1)[0].Filename])
	expectSequence(t, shots)
	expectSpan(t, shots, span{chosen[1], to[1]}, 0)
	if count, _, _ := soundOf(b.blocks[b.of(1)[0].Filename]); count > 0 {
		t.Errorf("%d Opus packets without hasAudio", count)
	}
	e.watched(composed.ID).expect(t, span{from[0], to[0]}, 0)
	b = e.delivered(next.ID)
	for i := range 3 {
		b.expect(t, i, span{again[i], end[i]}, 0)
	}
	e.watched(film.ID).expect(t, span{filmed[0], end[0]}, 0)
	e.server.expectNoLeftovers()
	e.server.terminate()
}

// include adds a stream to an archive.
func (e *group) include(archive, stream string) {
	e.t.Helper()
	exchange(e.t, http.MethodPatch, e.client.url+e.client.project()+"/archive/"+archive+"/streams", e.client.app.Bearer(e.t, time.Now(), nil),
		map[string]any{"addStream": stream}, http.StatusNoContent, nil)
}

// watched returns the film of a composed archive once it is in the bucket.
func (e *group) watched(id string) film {
	e.t.Helper()
	a := e.client.awaitStatus(id, "uploaded")
	file := e.bucket.object(e.t, e.client.app.ID+"/"+id+"/archive.mp4")
	expectFile(e.t, a, file)
	return watch(e.t, file)
}
