package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	liveStreams = 16
	liveSeconds = 60
)

// liveFigures are the results of a live recording.
type liveFigures struct {
	backlog     time.Duration // time from the stop of an archive until it was available; the longest of all archives
	lost, shown int           // frames that were sent but are not in the files, and frames that are
	cpu         time.Duration // CPU time of the server and its children
	publishing  time.Duration // CPU time of the publishing process
}

// live measures one session with many publishers.
func (b bench) live(ctx context.Context, seconds int) error {
	inputs, err := b.liveInputs(ctx, liveStreams)
	if err != nil {
		return err
	}
	f, err := b.recordLive(ctx, [][]input{inputs}, seconds)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "bench: case="+liveCase+" backlog_s=%.2f lost=%d shown=%d seconds=%d cores=%.2f\n",
		f.backlog.Seconds(), f.lost, f.shown, seconds, f.cpu.Seconds()/float64(seconds))
	return nil
}

func (b bench) liveInputs(ctx context.Context, n int) ([]input, error) {
	return b.inputs(ctx, n, rendering{source: [2]int{640, 480}, seconds: loopSeconds})
}

// recordLive records sessions, each with its publishers and one composed archive. A second process publishes.
func (b bench) recordLive(ctx context.Context, sessions [][]input, seconds int) (f liveFigures, err error) {
	dir, err := os.MkdirTemp(b.dir, "live-")
	if err != nil {
		return liveFigures{}, err
	}
	defer os.RemoveAll(dir)
	h := &harness{ctx: ctx}
	err = h.do(func() {
		s := startServer(h, filepath.Join(dir, "data"))
		var streams []published
		publishers := map[string]int{} // by archive id
		for _, inputs := range sessions {
			id := s.session()
			publishers[s.record(id, nil)] = len(inputs)
			for _, in := range inputs {
				streams = append(streams, published{SessionID: id, Token: s.client(id), Video: in.video, Sound: in.sound})
			}
		}
		p := s.publish(streams)
		time.Sleep(time.Duration(seconds) * time.Second)
		var done []recorded
		done, f.backlog = s.finish(slices.Collect(maps.Keys(publishers)))
		f.publishing = p.stop()
		for _, a := range done {
			file := filepath.Join(dir, a.ID+".mp4")
			must(h, download(ctx, a.URL, file))
			shown, lost, err := missing(ctx, file, publishers[a.ID])
			must(h, err)
			f.shown, f.lost = f.shown+shown, f.lost+lost
		}
		f.cpu = s.stop()
	})
	return f, err
}
