package command

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/tools/merge"
)

const mergeHelp = `Join consecutive recordings, which may overlap, into one file.

Give the files in the order in which they were recorded. The command finds by picture and sound where the end of each file overlaps the
beginning of the next, and appends files that do not overlap. It encodes again only a moment of sound at each joint and, if the overlap has no
IDR picture of the next file, the pictures before its next IDR picture. The files need not be archives: H.264 and AAC-LC in MP4 or QuickTime,
fragmented or not, with the same rotation, size, profile, pixel format, frame rate, time base, sample rate and channels.
A warning says if files seem to be in the wrong order.

Exit codes: 0 joined; 1 failed, or the files differ; 2 wrong usage; 130 interrupted. On failure no output is written, and an existing file
is kept.`

const mergeExample = `  archived merge first.mp4 second.mp4 -o session.mp4
  archived merge 1.mp4 2.mp4 3.mp4 -o day.mp4 --max-overlap 10`

// Merge returns the command that joins recordings.
func Merge(stdout, stderr io.Writer) *cobra.Command {
	var (
		out       string
		overlap   float64
		overwrite bool
		path      string
	)
	cmd := &cobra.Command{
		Use:     "merge A.mp4 B.mp4 [...] -o OUT.mp4",
		Short:   "Join recordings that overlap",
		Long:    mergeHelp,
		Example: mergeExample,
		Args:    atLeast(2, "merge needs at least two files"),
		RunE: func(cmd *cobra.Command, inputs []string) error {
			bar := newProgress(stderr)
			o := merge.Options{
				FFmpeg: ffmpeg.Config{Path: path}, MaxOverlap: time.Duration(overlap * float64(time.Second)), Overwrite: overwrite,
				Progress: bar.show, Log: toolLog(stderr),
			}
			if !(overlap >= 0 && overlap <= merge.LongestOverlap.Seconds()) {
				return UsageError{fmt.Errorf("max-overlap must be 0 to %g seconds, got %g", merge.LongestOverlap.Seconds(), overlap)}
			}
			if err := o.Validate(inputs, out); err != nil {
				return UsageError{err}
			}
			r, err := merge.Run(cmd.Context(), inputs, out, o)
			bar.end()
			if err != nil {
				return err
			}
			for _, j := range r.Joints {
				fmt.Fprintln(stdout, describe(j))
			}
			fmt.Fprintf(stdout, "%s: %v, %d bytes\n", out, r.Duration.Round(time.Millisecond), r.Size)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&out, "output", "o", "", "the file to write")
	flags.Float64VarP(&overlap, "max-overlap", "x", merge.DefaultOverlap.Seconds(), "seconds of each file in which to look for the overlap")
	flags.BoolVarP(&overwrite, "overwrite", "y", false, "overwrite the output")
	flags.StringVar(&path, "ffmpeg", "ffmpeg", "FFmpeg program, version "+ffmpeg.Versions)
	return asTool(cmd)
}

// describe returns a line about what was done at a joint.
func describe(j merge.Joint) string {
	line := fmt.Sprintf("%s + %s: ", filepath.Base(j.A), filepath.Base(j.B))
	if j.Overlap == 0 {
		why := "no overlap found"
		if j.Ambiguous {
			why = "several overlaps are possible"
		}
		line += why + ", appended"
	} else {
		by := "picture and sound"
		switch {
		case !j.Picture:
			by = "sound"
		case !j.Sound:
			by = "picture"
		}
		line += fmt.Sprintf("overlap of %.3f s found by %s", j.Overlap.Seconds(), by)
	}
	return line + fmt.Sprintf(", joined at %.3f s; coded again: %.3f s of video, %.3f s of audio", j.At.Seconds(), j.Video.Seconds(), j.Audio.Seconds())
}
