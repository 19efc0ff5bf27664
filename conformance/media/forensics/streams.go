package forensics

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/conformance/media"
)

// readVideo reads the facts of an H.264 track, including every slice header.
func readVideo(r *media.Report, f io.ReaderAt, stbl *mp4.StblBox, t media.Track, samples []sample) error {
	entry := stbl.Stsd.AvcX
	if entry == nil || entry.AvcC == nil {
		if len(stbl.Stsd.Children) > 0 {
			t.Entry = printable([]byte(stbl.Stsd.Children[0].Type()))
		}
		r.Video = &media.Video{Track: t}
		note(r, media.Unsupported, "video track is %q, not H.264", t.Entry)
		return nil
	}
	t.Entry = entry.Type()
	v := &media.Video{Track: t, Width: int(entry.Width), Height: int(entry.Height)}
	v.QP.Intra, v.QP.Inter = map[int]int{}, map[int]int{}
	setTiming(v, samples)
	r.Video = v
	p := parameterSets{sps: map[uint32]*avc.SPS{}, pps: map[uint32]*avc.PPS{}}
	for _, b := range append(append([][]byte{}, entry.AvcC.SPSnalus...), entry.AvcC.PPSnalus...) {
		if err := p.add(b); err != nil {
			return fmt.Errorf("avcC: %w", err)
		}
	}
	for i, s := range samples {
		if s.size > maxSample {
			return fmt.Errorf("video sample %d has %d bytes", i+1, s.size)
		}
		b := make([]byte, s.size)
		if _, err := f.ReadAt(b, s.offset); err != nil {
			return fmt.Errorf("video sample %d: %w", i+1, err)
		}
		idr, err := readSample(v, b, &p)
		if err != nil {
			return fmt.Errorf("video sample %d: %w", i+1, err)
		}
		if s.sync && !idr {
			v.FalseKeys++
		}
	}
	if p.first == nil {
		return errors.New("video track has no sequence parameter set")
	}
	v.Codec = avc.CodecString(t.Entry, p.first)
	v.CodedWidth, v.CodedHeight = int(p.first.Width), int(p.first.Height)
	v.Profile, v.Level = int(p.first.Profile), int(p.first.Level)
	v.Constraints = int(p.first.ConstraintFlags())
	v.Interlaced = !p.first.FrameMbsOnlyFlag
	v.PixelAspect = pixelAspect(entry.Pasp, p.first.VUI)
	v.ChromaFormat, v.BitDepth = int(p.first.ChromaFormatIDC), 8+int(p.first.BitDepthLumaMinus8)
	sumQP(&v.QP)
	return nil
}

// pixelAspect returns the aspect in the container, or else in the bitstream, or 0.
func pixelAspect(box *mp4.PaspBox, vui *avc.VUIParameters) float64 {
	if box != nil && box.VSpacing > 0 {
		return millis(float64(box.HSpacing) / float64(box.VSpacing))
	}
	if vui != nil && vui.SampleAspectRatioHeight > 0 {
		return millis(float64(vui.SampleAspectRatioWidth) / float64(vui.SampleAspectRatioHeight))
	}
	return 0
}

// shownAs sets how a player shows the track.
func shownAs(v *media.Video, head *mp4.TkhdBox) {
	const scale = 1 << 16
	v.ShownWidth, v.ShownHeight = float64(head.Width)/scale, float64(head.Height)/scale
	m, unity := head.Matrix, mp4.UnityMatrix()
	m[6], m[7] = 0, 0 // position
	v.Turned = m != unity && m != [9]int32{}
}

type parameterSets struct {
	sps   map[uint32]*avc.SPS
	pps   map[uint32]*avc.PPS
	first *avc.SPS
}

func (p *parameterSets) add(nalu []byte) error {
	if len(nalu) == 0 {
		return errors.New("empty parameter set")
	}
	if avc.GetNaluType(nalu[0]) == avc.NALU_SPS {
		sps, err := avc.ParseSPSNALUnit(nalu, false)
		if err != nil {
			return err
		}
		p.sps[sps.ParameterID] = sps
		if p.first == nil {
			p.first = sps
		}
		return nil
	}
	pps, err := avc.ParsePPSNALUnit(nalu, p.sps)
	if err != nil {
		return err
	}
	p.pps[pps.PicParameterSetID] = pps
	return nil
}

// sliceHead is more bytes than any slice header has.
const sliceHead = 128

// readSample reads the slice headers of an access unit and reports whether it is an IDR picture.
func readSample(v *media.Video, b []byte, p *parameterSets) (idr bool, err error) {
	nalus, err := avc.GetNalusFromSample(b)
	if err != nil {
		return false, err
	}
	bidirectional := false
	for _, nalu := range nalus {
		if len(nalu) == 0 {
			return false, errors.New("empty NAL unit")
		}
		switch avc.GetNaluType(nalu[0]) {
		case avc.NALU_SPS, avc.NALU_PPS:
			if err := p.add(nalu); err != nil {
				return false, err
			}
		case avc.NALU_NON_IDR, avc.NALU_IDR:
			h, err := avc.ParseSliceHeader(nalu[:min(len(nalu), sliceHead)], p.sps, p.pps)
			if err != nil {
				return false, fmt.Errorf("slice header: %w", err)
			}
			pps := p.pps[h.PicParamID]
			if pps == nil {
				return false, fmt.Errorf("slice header names picture parameter set %d, which is missing", h.PicParamID)
			}
			qp := 26 + pps.PicInitQpMinus26 + int(h.SliceQPDelta)
			v.Slices++
			idr = idr || avc.GetNaluType(nalu[0]) == avc.NALU_IDR
			v.Arithmetic = v.Arithmetic || pps.EntropyCodingModeFlag
			switch h.SliceType % 5 { // 5 to 9 mean the same for all slices of the picture
			case avc.SLICE_I, avc.SLICE_SI:
				v.QP.Intra[qp]++
			case avc.SLICE_B:
				bidirectional = true
				v.QP.Inter[qp]++
			default:
				v.QP.Inter[qp]++
			}
		default: // other units are not needed
		}
	}
	if bidirectional {
		v.BFrames++
	}
	return idr, nil
}

// setTiming sets the facts that the sample table holds.
func setTiming(v *media.Video, samples []sample) {
	v.ShortestFrame = math.Inf(1)
	since := 0
	for i, s := range samples {
		d := float64(s.duration) / float64(v.Timescale)
		v.ShortestFrame, v.LongestFrame = min(v.ShortestFrame, d), max(v.LongestFrame, d)
		if s.sync {
			v.KeyFrames++
			since = i
		}
		v.KeyInterval = max(v.KeyInterval, i+1-since)
		v.Reordered = v.Reordered || s.composed-s.decoded != samples[0].composed-samples[0].decoded
		second := (s.decoded - samples[0].decoded) / int64(v.Timescale)
		for int64(len(v.PerSecond)) <= second && len(v.PerSecond) < 100000 {
			v.PerSecond = append(v.PerSecond, 0)
		}
		if second >= 0 && second < int64(len(v.PerSecond)) {
			v.PerSecond[second] += int(s.size) * 8
		}
	}
	v.Uneven = uneven(samples)
	if len(samples) == 0 {
		v.ShortestFrame = 0
	}
	v.ShortestFrame, v.LongestFrame = millis(v.ShortestFrame), millis(v.LongestFrame)
	if v.Duration > 0 {
		v.FrameRate = float64(v.Samples) / v.Duration
	}
}

// uneven returns the number of samples that last longer or shorter than most.
func uneven(samples []sample) int {
	lengths := make([]float64, len(samples))
	for i, s := range samples {
		lengths[i] = float64(s.duration)
	}
	usual, n := media.Median(lengths), 0
	for _, l := range lengths {
		if math.Abs(l-usual) > 0.01*usual {
			n++
		}
	}
	return n
}

func sumQP(q *media.QP) {
	n, total := 0, 0
	for _, m := range []map[int]int{q.Intra, q.Inter} {
		for qp, count := range m {
			if n == 0 {
				q.Min, q.Max = qp, qp
			}
			q.Min, q.Max = min(q.Min, qp), max(q.Max, qp)
			n, total = n+count, total+qp*count
		}
	}
	if n > 0 {
		q.Mean = math.Round(float64(total)/float64(n)*100) / 100
	}
}

// readAudio reads the facts of an AAC track.
func readAudio(r *media.Report, stbl *mp4.StblBox, t media.Track) error {
	entry := stbl.Stsd.Mp4a
	if entry == nil {
		if len(stbl.Stsd.Children) > 0 {
			t.Entry = printable([]byte(stbl.Stsd.Children[0].Type()))
		}
		r.Audio = &media.Audio{Track: t}
		note(r, media.Unsupported, "audio track is %q, not MPEG-4 audio", t.Entry)
		return nil
	}
	t.Entry = entry.Type()
	a := &media.Audio{Track: t, SampleRate: int(entry.SampleRate), Channels: int(entry.ChannelCount)}
	r.Audio = a
	if entry.Esds == nil || entry.Esds.DecConfigDescriptor == nil || entry.Esds.DecConfigDescriptor.DecSpecificInfo == nil {
		return errors.New("audio track: esds has no decoder configuration")
	}
	d := entry.Esds.DecConfigDescriptor
	a.DeclaredBitrate, a.MaxBitrate = int(d.AvgBitrate), int(d.MaxBitrate)
	asc, err := aac.DecodeAudioSpecificConfig(bytes.NewReader(d.DecSpecificInfo.DecConfig))
	if err != nil {
		return fmt.Errorf("audio track: %w", err)
	}
	a.ObjectType, a.SampleRate = int(asc.ObjectType), asc.SamplingFrequency
	if asc.ChannelConfiguration > 0 {
		a.Channels = int(asc.ChannelConfiguration)
	}
	a.Codec = fmt.Sprintf("%s.%x.%d", t.Entry, d.ObjectType, asc.ObjectType)
	return nil
}
