package live

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"reelcheck/reference/cmd/bench/internal/measure"
	"reelcheck/reference/cmd/bench/internal/media"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/matroska"
)

const (
	individualStreams = 50
	// settles is the time within which everything that was sent has arrived, including what had to be sent again.
	settles = time.Second
	// individualRate is what each kind of media takes, stamps included, in bit/s.
	individualRate = 100_000
)

// Individual records many publishers in one individual archive and compares the frames in it with those sent.
func (b Bench) Individual(ctx context.Context, seconds int) error {
	in, err := b.lowRate(ctx)
	if err != nil {
		return err
	}
	l, err := in.Loop()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.Dir, IndividualCase+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h := &harness{ctx: ctx}
	return h.do(func() {
		s := startServer(h, filepath.Join(dir, "data"))
		session := s.session()
		archive := s.record(session, map[string]any{"outputMode": "individual"})
		var streams []published
		for i := range individualStreams {
			streams = append(streams, published{SessionID: session, Token: s.client(session), Video: in.Video, Sound: in.Sound, Number: i + 1, Seconds: seconds})
		}
		p := s.publish(streams)
		p.awaitEnd(h)
		time.Sleep(settles)
		done, backlog := s.finish([]string{archive})
		publishing := p.stop()
		file := filepath.Join(dir, "archive.zip")
		must(h, download(ctx, done[0].URL, file))
		rss, err := measure.PeakRSS(s.cmd.Process.Pid)
		must(h, err)
		used := s.stop()
		lost, found, err := compareZIP(file, l, individualStreams, seconds)
		must(h, err)
		fmt.Fprintf(b.Out, "bench: case="+IndividualCase+" lost=%d found=%d cores=%.2f rss_mb=%d seconds=%d stop_s=%.2f publisher_cores=%.2f\n",
			lost, found, used.Seconds()/float64(seconds), rss/1e6, seconds, backlog.Seconds(), publishing.Seconds()/float64(seconds))
	})
}

// lowRate makes what the publishers send, before it is stamped.
func (b Bench) lowRate(ctx context.Context) (media.Input, error) {
	dir := filepath.Join(b.Cache, "inputs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return media.Input{}, err
	}
	in := media.Input{Video: filepath.Join(dir, "low-v1.ivf"), Sound: filepath.Join(dir, "low-v1.ogg")}
	length := strconv.Itoa(media.LoopSeconds)
	video := individualRate - media.Rate*stampSize*8
	if err := media.MakeFile(ctx, in.Video, "-f", "lavfi", "-i", fmt.Sprintf("mandelbrot=size=320x240:rate=%d:end_scale=0.02:end_pts=%d", media.Rate, media.LoopFrames),
		"-t", length, "-vf", "noise=alls=4:allf=t,format=yuv420p", "-c:v", "libvpx", "-b:v", strconv.Itoa(video), "-minrate", strconv.Itoa(video), "-maxrate", strconv.Itoa(video),
		"-g", strconv.Itoa(2*media.Rate), "-deadline", "realtime", "-cpu-used", "8", "-threads", "1"); err != nil {
		return media.Input{}, err
	}
	sound := individualRate - 50*(stampSize+2)*8
	return in, media.MakeFile(ctx, in.Sound, "-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.1:seed=1:sample_rate=48000", "-t", length,
		"-ac", "1", "-c:a", "libopus", "-b:a", strconv.Itoa(sound), "-vbr", "off", "-application", "audio")
}

// stamp makes a frame unlike any other: of all streams and of the loop's other rounds. Decoders do not look at it.
type stamp struct {
	stream, number uint32
	video          bool
}

const stampSize = 9

func (s stamp) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, s.stream), s.number)
	if s.video {
		return append(b, 1)
	}
	return append(b, 0)
}

// stampOf reads the stamp of a frame.
func stampOf(frame []byte) (stamp, error) {
	if len(frame) < stampSize {
		return stamp{}, errors.New("a frame is too short for what was sent")
	}
	b := frame[len(frame)-stampSize:]
	return stamp{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), b[8] == 1}, nil
}

// stamped returns what a publisher sends in a number of seconds: the loop's frames with stamps. The stamp of a VP8 frame is at
// its end, where decoders do not read; that of an Opus packet is padding (RFC 6716 section 3.2.5).
func stamped(l media.Loop, stream, seconds int) (frames, packets [][]byte, err error) {
	for i := range seconds * media.Rate {
		data := bytes.Clone(l.Video[i%len(l.Video)].Data)
		frames = append(frames, stamp{uint32(stream), uint32(i), true}.append(data))
	}
	for at := time.Duration(0); at < time.Duration(seconds)*time.Second; at += l.SoundLength / time.Duration(len(l.Sound)) {
		i := len(packets)
		data := l.Sound[i%len(l.Sound)].Data
		if data[0]&3 != 0 {
			return nil, nil, errors.New("an Opus packet is not one frame")
		}
		const oneFramePadded = 0x41
		padded := append([]byte{data[0] | 3, oneFramePadded, stampSize}, data[1:]...)
		packets = append(packets, stamp{uint32(stream), uint32(i), false}.append(padded))
	}
	return frames, packets, nil
}

// compareZIP counts the frames that were sent and those that are in the archive, bit for bit and in their order.
func compareZIP(name string, l media.Loop, streams, seconds int) (lost, found int, err error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	seen := map[uint32]bool{}
	for _, entry := range z.File {
		if path.Ext(entry.Name) == ".json" {
			continue
		}
		f := &foundFrames{loop: l, seconds: seconds}
		if err := f.read(entry); err != nil {
			return 0, 0, fmt.Errorf("%s in the archive: %w", entry.Name, err)
		}
		if seen[f.stream] {
			return 0, 0, fmt.Errorf("stream %d is in two files", f.stream)
		}
		seen[f.stream] = true
		found += f.count
	}
	frames, packets, err := stamped(l, 1, seconds)
	if err != nil {
		return 0, 0, err
	}
	return streams*(len(frames)+len(packets)) - found, found, nil
}

// foundFrames compares the frames of one file with the frames that were sent.
type foundFrames struct {
	loop    media.Loop
	seconds int

	stream uint32 // 0 = no frame was read yet
	sent   [2][][]byte
	next   [2]int
	count  int
}

func (f *foundFrames) read(entry *zip.File) error {
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return matroska.Read(r, func(b matroska.Block) error { return f.see(b) })
}

func (f *foundFrames) see(b matroska.Block) (err error) {
	s, err := stampOf(b.Data)
	if err != nil {
		return err
	}
	if f.stream == 0 {
		f.stream = s.stream
		if f.sent[0], f.sent[1], err = stamped(f.loop, int(s.stream), f.seconds); err != nil {
			return err
		}
	}
	kind := 1
	if b.Track.Codec == av.VP8 {
		kind = 0
	}
	n := int(s.number)
	switch list := f.sent[kind]; {
	case n >= len(list) || !bytes.Equal(b.Data, list[n]):
		return fmt.Errorf("block %d of %s is not what was sent", n, b.Track.Codec)
	case n < f.next[kind]:
		return fmt.Errorf("block %d of %s comes after block %d", n, b.Track.Codec, f.next[kind]-1)
	}
	f.next[kind] = n + 1
	f.count++
	return nil
}
