package forensics

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"reelcheck/conformance/media"
	"reelcheck/fixtures/ffmpegtest"
)

// TestFragmentsHoldTheSame fragments a file in several ways. What it says and shows must stay the same.
func TestFragmentsHoldTheSame(t *testing.T) {
	t.Parallel()
	whole := clip(t, []string{"vp8-01", "tone-01"}, "[0:v]scale=320:240[v];[1:a]anull[a]", "-use_editlist", "0")
	want := analyze(t, whole, Options{})
	for _, flags := range []string{
		"+frag_keyframe+empty_moov+default_base_moof", "+frag_keyframe", "+frag_keyframe+empty_moov", "+frag_keyframe+empty_moov+omit_tfhd_offset",
		"+frag_keyframe+separate_moof+empty_moov", "+frag_keyframe+empty_moov+default_base_moof+global_sidx",
	} {
		path := filepath.Join(t.TempDir(), "archive.mp4")
		ffmpegtest.Run(t, "-i", whole, "-c", "copy", "-use_editlist", "0", "-movflags", flags, path)
		got := analyze(t, path, Options{})
		if !got.Fragmented || len(got.Findings) > 0 {
			t.Errorf("%s: fragmented %v, findings %v", flags, got.Fragmented, got.Findings)
		}
		if !about(got.Duration, want.Duration, 0.03) {
			t.Errorf("%s: %.3f s, want %.3f", flags, got.Duration, want.Duration)
		}
		if got.Video == nil || !reflect.DeepEqual(*got.Video, *want.Video) {
			t.Errorf("%s: video %+v, want %+v", flags, got.Video, want.Video)
		}
		if got.Audio == nil || got.Audio.Samples != want.Audio.Samples || got.Audio.Bytes != want.Audio.Bytes || got.Audio.Codec != want.Audio.Codec {
			t.Errorf("%s: audio %+v, want %+v", flags, got.Audio, want.Audio)
		}
		if !reflect.DeepEqual(got.Picture, want.Picture) || len(got.Sound.Tones) != len(want.Sound.Tones) {
			t.Errorf("%s: picture %+v, want %+v", flags, got.Picture, want.Picture)
		}
	}
}

func TestFragmentsThatAreCut(t *testing.T) {
	t.Parallel()
	path := clip(t, []string{"vp8-01", "tone-01"}, "[0:v]scale=320:240[v];[1:a]anull[a]", "-movflags", "+frag_keyframe+empty_moov+default_base_moof")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := strings.LastIndex(string(b), "moof")
	for name, cut := range map[string][]byte{"within media": b[:last-500], "within a head": b[:last+200]} {
		if r := analyze(t, write(t, cut), Options{NoDecode: true}); !r.Has(media.Broken) {
			t.Errorf("%s: findings %v, want broken", name, r.Findings)
		}
	}
}
