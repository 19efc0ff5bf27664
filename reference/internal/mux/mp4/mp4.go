// Package mp4 reads and writes MP4 files (ISO/IEC 14496-12) of H.264 and AAC-LC. It copies coded media and never decodes
// it. The same samples give the same bytes.
//
//   - [Open] and [Parse] read files that anybody may have made, in one piece or in fragments.
//   - [Write] writes a file from samples of other files, with the head in front.
//   - [Writer] writes a file that grows: the media data first, and in the end the head that goes before it. [OpenFile]
//     reads both as one file.
//
// This copies the video of a file:
//
//	in, err := mp4.Open("in.mp4")
//	t := in.Video
//	err = mp4.Write(ctx, w, []mp4.Output{{
//		Timescale: t.Timescale, Start: t.Start, Delay: t.Delay, End: t.End,
//		Runs: []mp4.Run{{Data: in.Data, Samples: t.Samples}}, Descriptions: []mp4.Description{mp4.Describe(t)},
//	}}, nil)
//
// The caller closes what it opens, and keeps an input open until its samples are written. A damaged or hostile file is
// an error, never a panic.
package mp4
