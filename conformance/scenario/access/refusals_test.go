package access

import (
	"strings"
	"testing"
)

func TestUnknownSessionStaysWellFormed(t *testing.T) {
	id := "1_MX4xMjN-fjE3MjY0NjI1ODg2NDd-MTF4TGExYmJofn4-"
	got := unknownSession(id)
	if got == id || strings.Trim(got[2:], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || !strings.HasPrefix(got, "1_") {
		t.Errorf("unknown session %q", got)
	}
}
