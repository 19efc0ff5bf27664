package merge

import (
	"testing"
	"time"
)

func TestJoinsArchives(t *testing.T) {
	f := film{picture: ball, sound: speech}
	out, r := merge(t, f.record(t, composed, 0, 300), f.record(t, composed, 250, 500))
	once(t, out, 0, 500)
	j := r.Joints[0]
	if !j.Picture || !j.Sound || j.Overlap < 1990*time.Millisecond || j.Overlap > 2010*time.Millisecond || j.Video != 0 {
		t.Errorf("%+v", j)
	}
	if late := heard(t, out, f, 0); late > 15*time.Millisecond {
		t.Errorf("sound is up to %v off", late)
	}
}

func TestJoinsWhatFFmpegMakes(t *testing.T) {
	f := film{picture: ball, sound: speech}
	out, r := merge(t, f.record(t, plain, 0, 303), f.record(t, plain, 251, 500))
	once(t, out, 0, 500)
	if late := heard(t, out, f, 0); late > 15*time.Millisecond {
		t.Errorf("sound is up to %v off", late)
	}
	_ = r
}
