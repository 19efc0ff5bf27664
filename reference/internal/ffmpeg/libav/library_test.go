//go:build linux && (amd64 || arm64)

package libav

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"reelcheck/reference/internal/ffmpeg"
)

// TestVersions: what users are told is what can be loaded.
func TestVersions(t *testing.T) {
	for i, r := range releases {
		if want := releases[0].ffmpeg - i; r.ffmpeg != want {
			t.Errorf("FFmpeg %d is missing", want)
		}
	}
	oldest, newest := releases[len(releases)-1].ffmpeg, releases[0].ffmpeg
	if want := fmt.Sprintf("%d.1 to %d", oldest, newest); ffmpeg.Versions != want {
		t.Errorf("users are told %q, want %q", ffmpeg.Versions, want)
	}
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := "FFmpeg " + ffmpeg.Versions; !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not say %q", want)
	}
}
