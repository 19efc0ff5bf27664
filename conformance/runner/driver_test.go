package runner

import (
	"testing"

	"reelcheck/conformance/target/config"
)

// TestDriversThatDoNotOpen checks that whoever closes what was opened gets no driver.
func TestDriversThatDoNotOpen(t *testing.T) {
	for _, p := range []config.Publisher{
		{Driver: config.CommandDriver, Command: config.Adapter{Run: []string{"/nosuch"}}},
		{Driver: config.CommandDriver, Command: config.Adapter{Run: []string{"/bin/false"}}},
		{Driver: config.BrowserDriver, Browser: config.Browser{Path: "/nosuch"}},
	} {
		if d, err := Driver(t.Context(), p, t.TempDir(), nil); d != nil || err == nil {
			t.Errorf("%+v: a driver %v and the error %v", p, d, err)
		}
	}
}
