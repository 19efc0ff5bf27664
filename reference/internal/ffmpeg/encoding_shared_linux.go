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

// errUnasked is the reason for killing an encoder that sends a message that makes no sense.
var errUnasked = errors.New("sent an unexpected message")

// sharedEncoder is the program archived-encoder. It encodes with FFmpeg's libraries what lies in shared memory.
type sharedEncoder struct {
	process  *process
	messages *bufio.Reader
	memory   *mapping
	slots    []*Slot
	has      [encoding.Slots]atomic.Bool // whether the program has a slot
	free     chan<- *Slot
	units    chan<- []byte
	frames   chan<- []byte
	spare    <-chan []byte // access units whose memory may be reused
}

// shareEncoding starts the program and waits until it reports that it works.
func (c Config) shareEncoding(ctx context.Context, g *errgroup.Group, o Output) (*Encoding, error) {
	if err := c.Encoder.usable(); err != nil {
		return nil, err
	}
	job := o.job()
	frame := job.Memory()
	memory, file, err := share("frames", encoding.Slots*frame.Size(), unix.PROT_READ|unix.PROT_WRITE)
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
	free := make(chan *Slot, encoding.Slots)
	s.free, s.units, s.frames, s.spare = free, units, frames, spare
	for n := range encoding.Slots {
		r := &Slot{Number: n}
		r.Picture, r.Sound = frame.Slot(memory.bytes, n)
		s.slots = append(s.slots, r)
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

// ready waits for the message that the encoders are open.
func (s *sharedEncoder) ready() error {
	m, err := encoding.ReadMessage(s.messages, s.buffer)
	if err == nil && m.Kind != encoding.Ready {
		err = fmt.Errorf("%w %d before it is ready", errUnasked, m.Kind)
	}
	return err
}

// read passes on the messages of the program until it ends, and reaps it.
func (s *sharedEncoder) read(ctx context.Context) error {
	defer close(s.units)
	defer close(s.frames)
	var err error
	for err == nil {
		var m encoding.Message
		if m, err = encoding.ReadMessage(s.messages, s.buffer); err == nil {
			err = s.take(ctx, m)
		}
	}
	if !errors.Is(err, io.EOF) {
		s.kill()
	}
	return ended(ctx, "encoder", s.process, err)
}

// buffer returns memory for the n bytes of a message.
func (s *sharedEncoder) buffer(kind encoding.Kind, n int) []byte {
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
		if len(m.Data) == 1 && int(m.Data[0]) < len(s.slots) && s.has[m.Data[0]].CompareAndSwap(true, false) {
			s.process.answered.Add(1)
			s.free <- s.slots[m.Data[0]]
			return nil
		}
	case encoding.Ready:
	}
	return fmt.Errorf("%w %d: % x", errUnasked, m.Kind, m.Data[:min(len(m.Data), 8)])
}

// put announces a slot to the program. If the program has ended, read reports why.
func (s *sharedEncoder) put(_ context.Context, r *Slot) error {
	s.has[r.Number].Store(true)
	s.process.asked.Add(1)
	_, _ = s.process.Write([]byte{byte(r.Number)})
	return nil
}

func (s *sharedEncoder) close() error { return s.process.closeInput() }

func (s *sharedEncoder) kill() { _ = s.process.cmd.Process.Kill() } // an error means that it has ended already
