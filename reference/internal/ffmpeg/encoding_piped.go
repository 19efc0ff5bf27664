package ffmpeg

import (
	"context"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
)

// rawAhead is the number of frames that may wait for an ffmpeg program.
const rawAhead = 3

// pipedEncoder encodes with two ffmpeg programs, one for the pictures and one for the sound.
type pipedEncoder struct {
	encoding *Encoding
	video    *Encoder   // nil without video
	pictures chan *Slot // to be written to the video encoder
	audio    *Encoder
	blocks   chan []byte
}

func (c Config) pipeEncoding(ctx context.Context, g *errgroup.Group, o Output) (*Encoding, error) {
	units, frames := make(chan []byte, unitsAhead), make(chan []byte, framesAhead)
	slots := rawAhead + 2 // one is being written, and one drawn
	p := &pipedEncoder{}
	e := &Encoding{Units: units, Frames: frames, free: make(chan *Slot, slots), encoder: p}
	p.encoding = e
	for n := range slots {
		r := &Slot{Number: n}
		if o.Video != nil {
			r.Picture = make([]byte, o.Video.Width*o.Video.Height*3/2)
		}
		if o.Sound {
			r.Sound = make([]float32, av.BlockSamples)
		}
		e.free <- r
	}
	if o.Video == nil {
		close(units)
	} else if err := p.startVideo(ctx, c, g, *o.Video, units); err != nil {
		return nil, err
	}
	if !o.Sound {
		close(frames)
	} else if err := p.startAudio(ctx, c, g, frames); err != nil {
		return nil, err
	}
	return e, nil
}

func (p *pipedEncoder) startVideo(ctx context.Context, c Config, g *errgroup.Group, v Video, units chan<- []byte) (err error) {
	if p.video, err = c.encodeH264(ctx, v); err != nil {
		return err
	}
	p.pictures = make(chan *Slot, rawAhead)
	g.Go(func() error {
		return feed(ctx, p.video, p.pictures, func(r *Slot) error {
			_, err := p.video.Write(r.Picture)
			p.encoding.free <- r // never full
			return err
		})
	})
	g.Go(func() error {
		defer close(units)
		return p.video.pass(ctx, "video encoder", bitstream.NewAccessUnits(p.video).Next, units)
	})
	return nil
}

func (p *pipedEncoder) startAudio(ctx context.Context, c Config, g *errgroup.Group, frames chan<- []byte) (err error) {
	if p.audio, err = c.encodeAAC(ctx); err != nil {
		return err
	}
	p.blocks = make(chan []byte, rawAhead)
	g.Go(func() error {
		return feed(ctx, p.audio, p.blocks, func(b []byte) error {
			_, err := p.audio.Write(b)
			return err
		})
	})
	g.Go(func() error {
		defer close(frames)
		return p.audio.pass(ctx, "audio encoder", bitstream.NewADTS(p.audio).Next, frames)
	})
	return nil
}

// feed writes what arrives on in to an encoder until in is closed.
func feed[T any](ctx context.Context, enc *Encoder, in <-chan T, write func(T) error) error {
	for {
		select {
		case raw, ok := <-in:
			if !ok {
				return enc.CloseInput()
			}
			if err := write(raw); err != nil {
				<-ctx.Done() // the goroutine that reads from it reports why it died
				return ctx.Err()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass sends what the child returns to a channel until it ends, and reaps it.
func (e *Encoder) pass(ctx context.Context, kind string, next func() ([]byte, error), to chan<- []byte) error {
	var err error
	for err == nil {
		var coded []byte
		if coded, err = next(); err == nil {
			err = send(ctx, to, coded)
		}
	}
	return ended(ctx, kind, e.process, err)
}

func (p *pipedEncoder) put(ctx context.Context, r *Slot) error {
	block := av.AppendFloats(nil, r.Sound)
	if p.video == nil {
		p.encoding.free <- r // never full
	} else if err := send(ctx, p.pictures, r); err != nil {
		return err
	}
	if p.audio == nil {
		return nil
	}
	return send(ctx, p.blocks, block)
}

func (p *pipedEncoder) close() error {
	if p.pictures != nil {
		close(p.pictures)
	}
	if p.blocks != nil {
		close(p.blocks)
	}
	return nil
}

func (p *pipedEncoder) kill() {
	if p.video != nil {
		p.video.Kill()
		return
	}
	p.audio.Kill()
}
