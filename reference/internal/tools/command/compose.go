package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/tools/render"
)

const composeHelp = `Render an individual archive, or the journal of a session, into one MP4 file like that of a composed archive.

An individual archive is a ZIP file with one WebM or Matroska file for every stream, or part of a stream, and a JSON manifest. Any recorder
may have made it. Files in it that cannot be read are left out, with a warning that says which and why.

A journal is a directory in data/recordings/journals of archived. It exists until its archives are complete. The command does not change it. If it
has several archives, --archive names one. The journal of an application with a certificate is sealed; the server's key file opens it, and
the output is not encrypted.

Exit codes: 0 rendered; 1 failed, or the input is not valid; 2 wrong usage; 130 interrupted. On failure no output is written, and an
existing file is kept.`

const composeExample = `  archived compose archive.zip -o out.mp4
  archived compose archive.zip -o out.mp4 --layout horizontalPresentation --resolution 1280x720
  archived compose archive.zip -o out.mp4 --layout custom --stylesheet layout.css --qp 23
  archived compose archive.zip -o out.mp4 --layout verticalPresentation --class 4d9e1c26-6a67-4a9c-8b3e-2f5e2f3f6d11=focus --sounds
  archived compose data/recordings/journals/SESSION --archive ID -o out.mp4`

// composeFlags are the flags of the compose command.
type composeFlags struct {
	out, archive, path, keyFile     string
	layout, stylesheet, screenshare string
	resolution                      string
	bitrate, quantizer              int
	noAudio, noVideo, overwrite     bool
	classes                         []string
	stills, sounds                  bool
}

// Compose returns the command that renders an individual archive or a journal.
func Compose(stdout, stderr io.Writer, s Server) *cobra.Command {
	var f composeFlags
	cmd := &cobra.Command{
		Use:     "compose ARCHIVE.zip|JOURNAL -o OUT.mp4",
		Short:   "Render an individual archive into one file",
		Long:    composeHelp,
		Example: composeExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return UsageError{fmt.Errorf("compose needs one archive or journal, got %d", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options(cmd, s)
			if err != nil {
				return UsageError{err}
			}
			classes, err := layoutClasses(f.classes)
			if err != nil {
				return UsageError{err}
			}
			bar := newProgress(stderr)
			r, err := render.Run(cmd.Context(), args[0], f.out, render.Options{
				Compose: o, ArchiveID: f.archive, KeyFile: cmp.Or(f.keyFile, s.KeyFile(args[0])), Overwrite: f.overwrite, Progress: bar.show, Log: toolLog(stderr),
				Classes: classes, Stills: f.stills, Sounds: f.sounds,
			})
			bar.end()
			if err != nil {
				return err
			}
			fmt.Fprintf(stdout, "%s: %v, %d bytes\n", f.out, r.Duration.Round(time.Millisecond), r.Size)
			for _, name := range r.Sounds {
				fmt.Fprintln(stdout, name)
			}
			return nil
		},
	}
	f.register(cmd, s)
	return asTool(cmd)
}

func (f *composeFlags) register(cmd *cobra.Command, s Server) {
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "", "the file to write")
	flags.BoolVarP(&f.overwrite, "overwrite", "y", false, "overwrite the output")
	flags.StringVar(&f.archive, "archive", "", "id of the archive, for a journal with several")
	flags.StringVar(&f.keyFile, "key-file", "", "key file of the server, for a sealed journal (default: $ARCHIVED_KEY_FILE, or else the name of the journal's data directory with .key)")
	flags.StringVar(&f.layout, "layout", string(layout.BestFit), "bestFit, pip, verticalPresentation, horizontalPresentation or custom")
	flags.StringVar(&f.stylesheet, "stylesheet", "", "CSS file for the layout custom")
	flags.StringVar(&f.screenshare, "screenshare-type", "", "layout while a screen is shared; only with bestFit")
	flags.StringArrayVar(&f.classes, "class", nil, "STREAM=CLASS gives a stream of a ZIP file a layout class for its whole duration; may be repeated")
	flags.BoolVar(&f.stills, "stills", false, "show the PNG and JPEG files of the manifest, each from its start to its stop offset")
	flags.BoolVar(&f.sounds, "sounds", false, "write a WAV file for every stream with audio, beside the output and equally long: OUT-1-STREAM.wav")
	flags.StringVar(&f.resolution, "resolution", archive.DefaultResolution, strings.Join(archive.Resolutions, ", "))
	flags.IntVar(&f.bitrate, "max-bitrate", 0, "constant bit rate of the video, 100000 to 6000000 bit/s, instead of --qp")
	flags.IntVar(&f.quantizer, "qp", compose.DefaultQP, "quantization parameter of the video, 15 to 40")
	flags.BoolVar(&f.noAudio, "no-audio", false, "write a file without audio")
	flags.BoolVar(&f.noVideo, "no-video", false, "write a file without video")
	flags.StringVar(&f.path, "ffmpeg", s.FFmpeg, s.FFmpegHelp)
}

// layoutClasses parses STREAM=CLASS. It splits at the last =, because stream ids may contain one.
func layoutClasses(list []string) (map[string][]string, error) {
	classes := map[string][]string{}
	for _, s := range list {
		i := max(strings.LastIndexByte(s, '='), 0)
		stream, class := s[:i], strings.TrimPrefix(s[i:], "=")
		if stream == "" || class == "" {
			return nil, fmt.Errorf("class must be STREAM=CLASS, got %q", s)
		}
		classes[stream] = append(classes[stream], class)
		if err := layout.CheckClasses(classes[stream]); err != nil {
			return nil, fmt.Errorf("class %.64q: %w", s, err)
		}
	}
	return classes, nil
}

// options returns the options. It checks the flags by the rules of the start call.
func (f *composeFlags) options(cmd *cobra.Command, s Server) (compose.Options, error) {
	spec := layout.Spec{Type: layout.Type(f.layout), Screenshare: layout.Type(f.screenshare)}
	if f.stylesheet != "" {
		css, err := os.ReadFile(f.stylesheet)
		if err != nil {
			return compose.Options{}, fmt.Errorf("stylesheet: %w", err)
		}
		spec.Stylesheet = string(css)
	}
	if f.sounds && f.noAudio {
		return compose.Options{}, errors.New("sounds and no-audio must not both be set")
	}
	audio, video := !f.noAudio, !f.noVideo
	first, err := archive.ParseLayout("layout.", spec)
	if err != nil {
		return compose.Options{}, err
	}
	request := archive.StartRequest{SessionID: "tool", HasAudio: &audio, HasVideo: &video, Resolution: f.resolution, Layout: &first}
	if cmd.Flags().Changed("max-bitrate") {
		request.MaxBitrate = &f.bitrate
	}
	if cmd.Flags().Changed("qp") {
		request.QuantizationParameter = &f.quantizer
	}
	if _, err := request.Validate(); err != nil {
		return compose.Options{}, err
	}
	width, height := archive.Archive{Resolution: f.resolution}.Canvas()
	o := compose.Options{FFmpeg: s.Programs(f.path, toolLog(cmd.ErrOrStderr())), Width: width, Height: height, HasAudio: audio, HasVideo: video, Layout: first}
	if request.MaxBitrate != nil {
		o.Bitrate = f.bitrate
	} else {
		o.QP = f.quantizer
	}
	return o, nil
}
