package mutants

import (
	"encoding/json"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/media"
	"reelcheck/conformance/media/forensics"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/verdict"
	"reelcheck/fixtures"
	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/spec"
)

var filesOf = flag.String("files", "", "spoil the archives of the bundle in this folder with FFmpeg")

// spoiledFile is a recorded file, changed by FFmpeg as a faulty target might have made it.
type spoiledFile struct {
	clause   string // the clause that must fail; none for a file that is merely different
	fault    string
	scenario string
	label    string
	args     string
}

const (
	// coded holds the coding options of conforming archives.
	coded = " -c:v libx264 -profile:v baseline -pix_fmt yuv420p -g 250 -qp 19 -x264-params ipratio=1:scenecut=0 -c:a copy -movflags +faststart"
	mixed = " -c:v copy -c:a aac -b:a 128k -ac 1 -ar 48000 -movflags +faststart"
)

var spoiledFiles = []spoiledFile{
	{"", "coded again", scenarios.Pair, "object.media", coded},
	{"", "coded by slices, with another preset", scenarios.Pair, "object.media", "-preset ultrafast -slices 4" + coded},
	{"", "sound coded again, without an edit list", scenarios.Pair, "object.media", "-use_editlist 0" + mixed},
	{"", "enlarged by another filter", scenarios.Layouts, "object.media", "-vf scale=1280:960:flags=lanczos,scale=640:480:flags=bilinear" + coded},
	{"", "many streams coded again", scenarios.Many, "object.media", "-preset ultrafast" + coded},
	{"", "screens coded again", scenarios.Screens, "object.media", "-preset ultrafast" + coded},
	{"", "mutes coded again", scenarios.Mutes, "object.media", "-preset ultrafast" + coded},
	{"", "enlarged pictures, half a pixel off", scenarios.Layouts, "object.media", "-vf scale=642:482:flags=neighbor,crop=640:480:1:1" + coded},
	{"", "other places of colour samples", scenarios.Pair, "object.media", "-vf format=yuv444p,scale=out_v_chr_pos=0:out_h_chr_pos=0,format=yuv420p" + coded},
	{"", "BT.709", scenarios.Pair, "object.media", "-vf scale=in_color_matrix=bt601:out_color_matrix=bt709 -colorspace bt709" + coded},
	{"", "fragmented", scenarios.Pair, "object.media", "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof"},
	{"", "half a picture later", scenarios.Pair, "object.media", "-vf setpts=PTS+0.02/TB,fps=25:start_time=0" + coded},

	{"ARC-COMP-11", "index at the end", scenarios.Pair, "object.media", "-c copy"},
	{"ARC-COMP-08", "30 frames per second", scenarios.Pair, "object.media", "-r 30" + coded},
	{"ARC-COMP-24", "every other picture", scenarios.Pair, "object.media", "-vf fps=12.5,fps=25" + coded},
	{"ARC-COMP-07", "High profile", scenarios.Pair, "object.media", strings.Replace(coded, "baseline", "high", 1)},
	{"ARC-COMP-25", "a key frame every 20 seconds", scenarios.Many, "object.media", strings.Replace(coded, "250", "500", 1)},
	{"ARC-RATE-01", "QP 19 in key frames alone", scenarios.Pair, "object.media", strings.Replace(coded, "ipratio=1", "ipratio=2", 1) + " -qp 26"},
	{"ARC-RATE-01", "a quality factor of 19", scenarios.Pair, "object.media", strings.Replace(coded, "-qp 19", "-crf 19", 1)},
	{"ARC-RES-01", "pixels wider than high", scenarios.Pair, "object.media", "-c copy -aspect 16:9 -movflags +faststart"},
	{"ARC-RES-01", "turned by the player", scenarios.Pair, "object.media", "-c copy -metadata:s:v rotate=90 -movflags +faststart"},
	{"ARC-COMP-12", "turned", scenarios.Pair, "object.media", "-vf transpose=1,scale=640:480" + coded},
	{"ARC-COMP-35", "mirrored", scenarios.Pair, "object.media", "-vf hflip" + coded},
	{"ARC-LAY-03", "stretched", scenarios.Pair, "object.media", "-vf scale=640:600,crop=640:480" + coded},
	{"ARC-LAY-02", "the picture moved", scenarios.Pair, "object.media", "-vf crop=600:480:40:0,pad=640:480" + coded},
	{"ARC-COMP-35", "levels stretched", scenarios.Pair, "object.media", "-vf scale=in_range=limited:out_range=full,setparams=range=limited" + coded},
	{"ARC-COMP-35", "colours exchanged", scenarios.Pair, "object.media", "-vf shuffleplanes=0:2:1" + coded},
	{"ARC-COMP-35", "a name in the picture", scenarios.Pair, "object.media", "-vf drawbox=x=10:y=320:w=200:h=40:color=white:t=fill" + coded},
	{"ARC-COMP-33", "grey bars", scenarios.Pair, "object.media", "-vf lutyuv=y='if(lt(val,30),val+14,val)'" + coded},
	{"ARC-COMP-33", "a clock in a corner", scenarios.Pair, "object.media", "-vf drawbox=x=8:y=8:w=120:h=24:color=white:t=fill" + coded},
	{"ARC-COMP-06", "stereo", scenarios.Pair, "object.media", "-c:v copy -c:a aac -b:a 128k -ac 2 -movflags +faststart"},
	{"ARC-COMP-04", "44.1 kHz", scenarios.Pair, "object.media", "-c:v copy -c:a aac -b:a 128k -ar 44100 -movflags +faststart"},
	{"ARC-COMP-14", "sound 100 ms late", scenarios.Pair, "object.media", "-af adelay=100" + mixed},
	{"ARC-COMP-14", "sound 100 ms early", scenarios.Pair, "object.media", "-af atrim=0.1,asetpts=PTS-STARTPTS" + mixed},
	{"ARC-COMP-14", "sound that is too fast", scenarios.Pair, "object.media", "-af atempo=1.05" + mixed},
	{"ARC-COMP-14", "an echo", scenarios.Pair, "object.media", "-af aecho=1:1:300:1" + mixed},
	{"ARC-COMP-24", "sound with breaks", scenarios.Pair, "object.media", "-af volume=0:enable='between(mod(t\\,2)\\,1.3\\,1.55)'" + mixed},
	{"ARC-COMP-24", "sound that stutters", scenarios.Pair, "object.media", "-af volume=0:enable='between(mod(t\\,0.5)\\,0.2\\,0.27)'" + mixed},
	{"ARC-COMP-24", "a picture that stands for half a second", scenarios.Pair, "object.media", "-vf split[a][b];[a][b]freezeframes=first=30:last=42:replace=30" + coded},
	{"ARC-COMP-15", "two seconds late", scenarios.Layouts, "object.media", "-vf tpad=start=50" + coded},
	{"ARC-COMP-28", "the last picture stays during a mute", scenarios.Mutes, "object.media", "-vf loop=loop=100:size=1:start=100,trim=end_frame=425" + coded},
	{"ARC-RATE-06", "twice the bitrate", scenarios.Rates, "bitrate.object.media", strings.Replace(coded, "-qp 19", "-b:v 800k -maxrate 800k -bufsize 800k", 1)},
	{"ARC-RATE-08", "a quality instead of a rate", scenarios.Rates, "bitrate.object.media", strings.Replace(coded, "-qp 19", "-qp 34", 1)},
}

// TestSpoiledFiles analyses spoiled files of a run in place of the good ones. It needs -files, because a bundle has
// several megabytes.
func TestSpoiledFiles(t *testing.T) {
	if *filesOf == "" {
		t.Skip("no -files")
	}
	v, _, err := evidence.Open(*filesOf)
	if err != nil {
		t.Fatal(err)
	}
	l := ledger(t)
	prepared := judge.Prepare(l, v, everything(l))
	usual := failing(l, prepared)
	for _, s := range spoiledFiles {
		t.Run(s.fault, func(t *testing.T) {
			spoiled := &tape.Tape{Records: slices.Clone(v.Records)}
			tape.Film(s.scenario, s.label, func(r *media.Report) { *r = spoilt(t, s, v, spoiled) })(spoiled)
			if len(spoiled.Missed) > 0 {
				t.Fatal(spoiled.Missed)
			}
			noticed := slices.DeleteFunc(failing(l, prepared.With(evidence.View{}.With(spoiled.Records))), func(id string) bool { return slices.Contains(usual, id) })
			t.Logf("noticed by %v", noticed)
			if s.clause == "" && len(noticed) > 0 {
				t.Errorf("an alarm for nothing: %v", noticed)
			}
			if s.clause != "" && !slices.Contains(noticed, s.clause) {
				t.Errorf("not noticed by %s", s.clause)
			}
		})
	}
}

// failing returns the clauses about composed files that fail.
func failing(l spec.Ledger, prepared *judge.Prepared) []string {
	var out []string
	for _, cl := range l.Clauses {
		_, checked := judge.Checks[cl.ID]
		if checked && slices.Contains([]string{"COMP", "LAY", "RES", "RATE", "START", "SEL", "STAT"}, cl.Chapter()) && prepared.Judge(cl).Outcome == verdict.Fail {
			out = append(out, cl.ID)
		}
	}
	return out
}

// spoilt changes the file of a record and analyses it.
func spoilt(t *testing.T, s spoiledFile, v evidence.View, tape *tape.Tape) media.Report {
	t.Helper()
	r := tape.Where(s.scenario, s.label, func(r *evidence.Record) bool { return r.Media != nil })
	out := filepath.Join(t.TempDir(), "archive.mp4")
	ffmpegtest.Run(t, append(append([]string{"-i", v.BlobPath(r.Media.SHA256)}, strings.Fields(s.args)...), out)...)
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	report, err := forensics.Analyze(t.Context(), out, forensics.Options{Fixtures: m})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var again media.Report
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return again
}
