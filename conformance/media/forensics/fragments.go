package forensics

import (
	"bytes"
	"fmt"
	"io"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/conformance/media"
)

// fragments decodes the moof boxes of a fragmented file (ISO/IEC 14496-12 section 8.8).
func fragments(f io.ReaderAt, boxes []media.Box) ([]*mp4.MoofBox, error) {
	var out []*mp4.MoofBox
	for _, box := range boxes {
		if box.Type != "moof" {
			continue
		}
		if box.Size > maxMoov {
			return out, fmt.Errorf("moof at byte %d has %d bytes", box.Offset, box.Size)
		}
		b := make([]byte, box.Size)
		if _, err := f.ReadAt(b, box.Offset); err != nil {
			return out, fmt.Errorf("read moof: %w", err)
		}
		decoded, err := mp4.DecodeBox(uint64(box.Offset), bytes.NewReader(b))
		if err != nil {
			return out, fmt.Errorf("moof at byte %d: %w", box.Offset, err)
		}
		moof, ok := decoded.(*mp4.MoofBox)
		if !ok {
			return out, fmt.Errorf("moof at byte %d decodes as %T", box.Offset, decoded)
		}
		out = append(out, moof)
	}
	return out, nil
}

// fragmentSamples returns the samples of a track that the fragments hold. Their times go on from end where a fragment does not
// tell its own.
func fragmentSamples(moofs []*mp4.MoofBox, mvex *mp4.MvexBox, track uint32, end, fileSize int64) ([]sample, error) {
	var out []sample
	for _, moof := range moofs {
		at := int64(moof.StartPos) // a fragment that does not name its base stands behind the one before
		for _, traf := range moof.Trafs {
			if traf.Tfhd == nil {
				return out, fmt.Errorf("moof at byte %d: a track without tfhd", moof.StartPos)
			}
			switch {
			case traf.Tfhd.HasBaseDataOffset():
				at = int64(traf.Tfhd.BaseDataOffset)
			case traf.Tfhd.DefaultBaseIfMoof():
				at = int64(moof.StartPos)
			}
			samples, err := runs(traf, mvex, &at, fileSize)
			if err != nil {
				return out, err
			}
			if traf.Tfhd.TrackID != track {
				continue
			}
			if traf.Tfdt != nil {
				end = int64(traf.Tfdt.BaseMediaDecodeTime())
			}
			for _, s := range samples {
				s.decoded, s.composed = end, s.composed+end
				end += int64(s.duration)
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// runs returns the samples of one track in one fragment, with times that count from its beginning. It moves at from the base of
// their offsets to the end of the last one.
func runs(traf *mp4.TrafBox, mvex *mp4.MvexBox, at *int64, fileSize int64) ([]sample, error) {
	var out []sample
	base := *at
	trex, _ := mvex.GetTrex(traf.Tfhd.TrackID) // without one there are no defaults
	for _, trun := range traf.Truns {
		trun.AddSampleDefaultValues(traf.Tfhd, trex)
		if trun.HasDataOffset() {
			*at = base + int64(trun.DataOffset)
		}
		for _, s := range trun.Samples {
			if *at < 0 || *at > fileSize-int64(s.Size) {
				return out, fmt.Errorf("sample of %d bytes at byte %d is outside the file of %d bytes", s.Size, *at, fileSize)
			}
			out = append(out, sample{offset: *at, size: s.Size, duration: s.Dur, composed: int64(s.CompositionTimeOffset), sync: s.Flags&mp4.NonSyncSampleFlags == 0})
			*at += int64(s.Size)
		}
	}
	return out, nil
}
