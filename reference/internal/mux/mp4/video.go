package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
)

func (t *track) describeVideo(e *mp4.VisualSampleEntryBox, data io.ReaderAt) error {
	if e == nil || e.AvcC == nil {
		return fmt.Errorf("codec must be H.264, got %q; ffmpeg -i IN -c:v libx264 -c:a copy OUT.mp4 codes the pictures so", t.entry.Type())
	}
	spss, ppss := e.AvcC.SPSnalus, e.AvcC.PPSnalus
	if e.Type() == inBand && len(spss) == 0 { // they need not be there but with every key frame
		spss, ppss = parameterSets(data, t.Samples[0])
	}
	if len(spss) == 0 || len(ppss) == 0 {
		return errors.New("parameter sets are missing")
	}
	sps, err := avc.ParseSPSNALUnit(spss[0], true)
	if err != nil {
		return fmt.Errorf("sequence parameter set: %w", err)
	}
	if !sps.FrameMbsOnlyFlag {
		return errors.New("video is interlaced")
	}
	p := &movie.Picture{
		Sets: av.ParameterSets{SPS: spss, PPS: ppss}, InBand: e.Type() == inBand, Profile: sps.Profile, Level: sps.Level,
		Width: sps.Width, Height: sps.Height, Chroma: sps.ChromaFormatIDC, Depth: sps.BitDepthLumaMinus8 + 8,
		References: sps.NumRefFrames, Aspect: [2]uint{1, 1},
	}
	if sps.Profile == 66 || sps.Profile == 77 || sps.Profile == 88 { // which do not say so
		p.Chroma, p.Depth = 1, 8
	}
	if v := sps.VUI; v != nil {
		p.FullRange = v.VideoFullRangeFlag
		if v.SampleAspectRatioWidth > 0 && v.SampleAspectRatioHeight > 0 {
			p.Aspect = [2]uint{v.SampleAspectRatioWidth, v.SampleAspectRatioHeight}
		}
	}
	// A player believes the container first.
	if e.Pasp != nil && e.Pasp.HSpacing > 0 && e.Pasp.VSpacing > 0 {
		p.Aspect = [2]uint{uint(e.Pasp.HSpacing), uint(e.Pasp.VSpacing)}
	}
	p.Aspect = reduced(p.Aspect)
	t.Picture = p
	return nil
}

func reduced(ratio [2]uint) [2]uint {
	a, b := ratio[0], ratio[1]
	for b > 0 {
		a, b = b, a%b
	}
	return [2]uint{ratio[0] / a, ratio[1] / a}
}

// parameterSets returns those in a sample.
func parameterSets(in io.ReaderAt, s movie.Sample) (sps, pps [][]byte) {
	b := make([]byte, s.Size)
	if _, err := in.ReadAt(b, s.Offset); err != nil {
		return nil, nil
	}
	return avc.GetParameterSets(b)
}

// matrix is how players turn the picture of a track.
func matrix(h *mp4.TkhdBox) [9]int32 {
	if h.Matrix == [9]int32{} {
		return mp4.UnityMatrix()
	}
	return h.Matrix
}

// findIDR looks which key samples are IDR pictures. Files also call those key samples with which open groups and intra refresh begin.
func (t *track) findIDR(in io.ReaderAt) {
	for i := range t.Samples {
		if s := &t.Samples[i]; s.Key {
			s.IDR = isIDR(in, *s)
		}
	}
}

// maxUnits is how many NAL units come before the first slice of a picture.
const maxUnits = 32

// isIDR looks at the first slice of a sample.
func isIDR(in io.ReaderAt, s movie.Sample) bool {
	var head [5]byte
	at, end := s.Offset, s.Offset+int64(s.Size)
	for range maxUnits {
		if end-at < int64(len(head)) {
			return false
		}
		if _, err := in.ReadAt(head[:], at); err != nil {
			return false
		}
		switch kind := avc.GetNaluType(head[4]); {
		case kind == avc.NALU_IDR:
			return true
		case avc.IsVideoNaluType(kind):
			return false
		}
		at += 4 + int64(binary.BigEndian.Uint32(head[:]))
	}
	return false
}
