package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ffmpeg/encoding"
)

// errUnasked is why an encoder is killed that says what it cannot mean.
var errUnasked = errors.New("sends an unexpected message")

// sharedEncoder is the program that encodes with FFmpeg's libraries what lies in memory that it shares with us.
type sharedEncoder struct {
	process  *process
	messages *bufio.Reader
	memory   *mapping
	rooms    []*Room
	has      [encoding.Slots]atomic.Bool // rooms that the program has
	free     chan<- *Room
	units    chan<- []byte
	frames   chan<- []byte
	spare    <-chan []byte // access units to be written over
}

// shareEncoding starts the program and waits until it says that it works here.
func (c Config) shareEncoding(ctx context.Context, g *errgroup.Group, o Output) (*Encoding, error) {
	if err := c.Encoder.usable(); err != nil {
		return nil, err
	}
	job := o.job()
	layout := job.Layout()
	memory, file, err := share("frames", encoding.Slots*layout.Size(), unix.PROT_READ|unix.PROT_WRITE)
	if err != nil {
		return nil, fmt.Errorf("memory for frames: %w", err)
	}
	c.nice = higher
	p, err := c.run(ctx, c.Encoder.Path, job.Args(), file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	s := &sharedEncoder{process: p, messages: bufio.NewReaderSize(p, 256<<10), memory: memory}
	if err := c.Encoder.await(p, s.ready); err != nil {
		return nil, err
	}
	widen(p.stdout, largestPipe)
	units, frames, spare := make(chan []byte, unitsAhead), make(chan []byte, framesAhead), make(chan []byte, unitsAhead)
	free := make(chan *Room, encoding.Slots)
	s.free, s.units, s.frames, s.spare = free, units, frames, spare
	for n := range encoding.Slots {
		r := &Room{Number: n}
		r.Picture, r.Sound = layout.Slot(memory.bytes, n)
		s.rooms = append(s.rooms, r)
		free <- r
	}
	g.Go(func() error { return s.read(ctx) })
	return &Encoding{Units: units, Frames: frames, free: free, spare: spare, encoder: s}, nil
}

func (o Output) job() encoding.Job {
	j := encoding.Job{FrameRate: av.FrameRate}
	if o.Video != nil {
		j.Width, j.Height = o.Video.Width, o.Video.Height
		for _, option := range o.Video.options() {
			j.Video = append(j.Video, option.name+"="+option.value)
		}
	}
	if o.Sound {
		j.Samples, j.SampleRate, j.AACFrame = av.BlockSamples, av.SampleRate, av.AACFrame
		for _, option := range aacOptions() {
			j.Audio = append(j.Audio, option.name+"="+option.value)
		}
	}
	return j
}

// ready reads that the program has opened its encoders.
func (s *sharedEncoder) ready() error {
	m, err := encoding.ReadMessage(s.messages, s.room)
	if err == nil && m.Kind != encoding.Ready {
		err = fmt.Errorf("%w %d before it is ready", errUnasked, m.Kind)
	}
	return err
}

// read hands on what the program says until it ends, and reaps it.
func (s *sharedEncoder) read(ctx context.Context) error {
	defer close(s.units)
	defer close(s.frames)
	var err error
	for err == nil {
		var m encoding.Message
		if m, err = encoding.ReadMessage(s.messages, s.room); err == nil {
			err = s.take(ctx, m)
		}
	}
	if !errors.Is(err, io.EOF) {
		s.kill()
	}
	return ended(ctx, "encoder", s.process, err)
}

// room is where a message's data go.
func (s *sharedEncoder) room(kind encoding.Kind, n int) []byte {
	if kind == encoding.Video {
		select {
		case b := <-s.spare:
			if cap(b) >= n {
				return b[:n]
			}
		default:
		}
	}
	return make([]byte, n, n+n/4)
}

func (s *sharedEncoder) take(ctx context.Context, m encoding.Message) error {
	switch m.Kind {
	case encoding.Video:
		return send(ctx, s.units, m.Data)
	case encoding.Audio:
		return send(ctx, s.frames, m.Data)
	case encoding.Back:
		if len(m.Data) == 1 && int(m.Data[0]) < len(s.rooms) && s.has[m.Data[0]].CompareAndSwap(true, false) {
			s.process.answered.Add(1)
			s.free <- s.rooms[m.Data[0]]
			return nil
		}
	case encoding.Ready:
	}
	return fmt.Errorf("%w %d: % x", errUnasked, m.Kind, m.Data[:min(len(m.Data), 8)])
}

// put announces a room to the program. When that has ended, whoever reads from it says why.
func (s *sharedEncoder) put(_ context.Context, r *Room) error {
	s.has[r.Number].Store(true)
	s.process.asked.Add(1)
	_, _ = s.process.Write([]byte{byte(r.Number)})
	return nil
}

func (s *sharedEncoder) close() error { return s.process.closeInput() }

func (s *sharedEncoder) kill() { _ = s.process.cmd.Process.Kill() } // an error says that it has ended already
