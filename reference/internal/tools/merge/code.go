package merge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/Eyevinn/mp4ff/avc"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/av/bitstream"
	"reelcheck/reference/internal/mux/movie"
	"reelcheck/reference/internal/tools/merge/splice"
)

// codeVideo codes pictures of a part again, in the same way as its own.
func (j *joiner) codeVideo(ctx context.Context, p *part, b splice.Bridge, later int64) (mixed, error) {
	t := p.video.track
	args := slices.Concat(fromClip, []string{
		"-map", "0:v:0", "-vf", fmt.Sprintf(`select=between(n\,%d\,%d)`, b.Skip, b.Skip+b.Count-1), "-fps_mode", "passthrough",
	}, j.encoder(p, b), []string{"-f", "h264", "pipe:1"})
	var times []int64
	for _, s := range t.Samples[b.Head:b.Tail] {
		if s.PTS() >= b.From && s.PTS() < b.To {
			times = append(times, s.PTS())
		}
	}
	slices.Sort(times)
	var m mixed
	err := j.convert(ctx, clip(ctx, p.Movie, t, b.Head, b.Tail), func(r io.Reader) error {
		units := bitstream.NewAccessUnits(r)
		for {
			unit, err := units.Next()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := j.keep(&m, unit); err != nil {
				return err
			}
			j.Progress("coding pictures again", float64(len(m.run.Samples))/float64(b.Count))
		}
	}, args...)
	if err != nil {
		return mixed{}, fmt.Errorf("coding pictures of %s again: %w", p.Name, err)
	}
	if len(m.run.Samples) != len(times) {
		return mixed{}, fmt.Errorf("%s: only %d of %d pictures around the joint can be decoded", p.Name, len(m.run.Samples), len(times))
	}
	for i := range m.run.Samples {
		m.run.Samples[i].DTS, m.run.Samples[i].Duration = times[i], uint32(t.Interval())
	}
	m.run.Data, m.run.Later = j.spool, later
	return m, nil
}

// encoder returns arguments with which FFmpeg codes like the part's own encoder, as far as its parameter sets show, with
// an unused parameter set id.
func (j *joiner) encoder(p *part, b splice.Bridge) []string {
	pic := p.video.track.Picture
	args := []string{
		"-c:v", "libx264", "-preset", "fast", "-qp", strconv.Itoa(j.quality(p, b)), "-refs", strconv.Itoa(int(max(pic.References, 1))),
		"-level", fmt.Sprintf("%d.%d", pic.Level/10, pic.Level%10), "-x264-params",
		fmt.Sprintf("aud=1:ipratio=1:keyint=infinite:scenecut=0:bframes=0:sps-id=%d", j.unusedID()),
	}
	if name := map[uint32]string{66: "baseline", 77: "main", 100: "high"}[pic.Profile]; name != "" {
		args = append(args, "-profile:v", name)
	}
	return args
}

const (
	usualQP = 20
	looked  = 100 // number of slices at most
)

// quality returns the mean quantization parameter of the pictures that are replaced.
func (j *joiner) quality(p *part, b splice.Bridge) (qp int) {
	defer func() { // mp4ff panics on some damaged files
		if recover() != nil {
			qp = usualQP
		}
	}()
	pic := p.video.track.Picture
	spss, ppss := map[uint32]*avc.SPS{}, map[uint32]*avc.PPS{}
	for _, nal := range pic.Sets.SPS {
		if sps, err := avc.ParseSPSNALUnit(nal, false); err == nil {
			spss[sps.ParameterID] = sps
		}
	}
	for _, nal := range pic.Sets.PPS {
		if pps, err := avc.ParsePPSNALUnit(nal, spss); err == nil {
			ppss[pps.PicParameterSetID] = pps
		}
	}
	sum, n := 0.0, 0
	for _, s := range p.video.track.Samples[b.Head:min(b.Tail, b.Head+looked)] {
		data := make([]byte, s.Size)
		if _, err := p.Data.ReadAt(data, s.Offset); err != nil {
			break
		}
		nals, _ := av.SplitLengthPrefixed(data) // of damaged data, the NAL units before the damage
		for _, nal := range nals {
			if k := av.NALTypeOf(nal); k != av.NALSlice && k != av.NALIDR {
				continue
			}
			if h, err := avc.ParseSliceHeader(nal, spss, ppss); err == nil && ppss[h.PicParamID] != nil {
				sum += float64(26 + ppss[h.PicParamID].PicInitQpMinus26 + int(h.SliceQPDelta))
				n++
			}
		}
	}
	if n == 0 {
		return usualQP
	}
	return min(max(int(sum/float64(n)), 1), 51)
}

// keep stores an access unit and its parameter sets.
func (j *joiner) keep(m *mixed, unit []byte) error {
	data, key := av.AppendLengthPrefixed(nil, unit, func(nal []byte) bool {
		k := av.NALTypeOf(nal)
		return !m.sets.Take(nal) && k != av.NALAUD && k != av.NALSEI
	})
	return j.sample(m, data, key)
}

func (j *joiner) sample(m *mixed, data []byte, key bool) error {
	at, err := j.spool.Add(data)
	m.run.Samples = append(m.run.Samples, movie.Sample{Offset: at, Size: uint32(len(data)), Key: key})
	return err
}

const (
	// lead is the number of packets that are coded before the first used one, so that the encoder has settled; the first
	// of them is its delay.
	lead   = 3
	margin = 4 * splice.Frame
)

// codeAudio codes the sound of a seam.
func (j *joiner) codeAudio(ctx context.Context, a, b *part, s splice.Seam) (mixed, error) {
	rate, channels := a.audio.track.Sound.Rate, a.audio.track.Sound.Channels
	from := s.At - (lead-1)*splice.Frame
	to := s.At + int64(s.Packets+1)*splice.Frame
	rest := int64(s.Rest) * splice.Frame
	x, err := j.sound(ctx, a, from-s.LaterA-margin, to-s.LaterA+margin, channels)
	if err != nil {
		return mixed{}, err
	}
	y, err := j.sound(ctx, b, from-s.LaterB-margin, to+rest-s.LaterB+margin, channels)
	if err != nil {
		return mixed{}, err
	}
	pcm := s.Mix(x, y, rate, from, to)
	var m mixed
	number := 0
	err = j.convert(ctx, func(w io.Writer) error {
		_, err := w.Write(av.AppendFloats(nil, pcm))
		return err
	}, func(r io.Reader) error {
		in := bitstream.NewADTS(r)
		for {
			packet, err := in.Next()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if number++; number > lead && number <= lead+s.Packets {
				if err := j.sample(&m, packet, true); err != nil {
					return err
				}
			}
		}
	}, "-f", "f32le", "-ar", strconv.Itoa(rate), "-ac", strconv.Itoa(channels), "-i", "pipe:0", "-c:a", "aac", "-profile:a", "aac_low",
		"-b:a", strconv.Itoa(a.audio.track.Sound.Bitrate), "-flags", "+bitexact", "-f", "adts", "pipe:1")
	if err != nil {
		return mixed{}, fmt.Errorf("coding sound again: %w", err)
	}
	if len(m.run.Samples) != s.Packets {
		return mixed{}, fmt.Errorf("coding sound again returned %d of %d packets", len(m.run.Samples), s.Packets)
	}
	if s.Rest > 0 {
		silent := s.Silent()
		m.run.Samples = slices.Insert(m.run.Samples, silent, slices.Repeat(m.run.Samples[silent:silent+1], s.Rest)...)
	}
	for i := range m.run.Samples {
		m.run.Samples[i].DTS, m.run.Samples[i].Duration = s.At+int64(i)*splice.Frame, splice.Frame
	}
	m.run.Data = j.spool
	return m, nil
}
