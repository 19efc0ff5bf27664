package delivery

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/media"
)

// encryptionChecks judge archives of an application with a certificate.
var encryptionChecks = []check.Check{
	check.New("ARC-SEC-02", nothingInTheClear, scenarios.Encryption),
	check.New("ARC-SEC-04", tellsNoLength, scenarios.Encryption),
	check.New("ARC-SEC-06", passwordOpens, scenarios.Encryption),
	check.New("ARC-SEC-07", passwordTold, scenarios.Encryption),
	check.New("ARC-SEC-08", badCertificates, scenarios.Encryption),
	check.New("ARC-SEC-09", turnedOff, scenarios.Encryption),
}

// encryptedArchives returns the composed archives that were started with a certificate in force. ARC-SEC-10 is about the
// others.
func encryptedArchives(c *check.Case) []*facts.History {
	return slices.DeleteFunc(c.EveryArchive(), func(h *facts.History) bool { return !c.Encrypted(h) || h.IsIndividual() })
}

// nothingInTheClear checks what can be seen from outside: the only object at the upload target must be unreadable and
// hold nothing of the plain file, and the archive must not be available anywhere else.
func nothingInTheClear(c *check.Case) {
	for _, h := range encryptedArchives(c) {
		keys := map[string]bool{}
		for _, r := range h.AllStored() {
			keys[r.Object.Key] = true
		}
		if objects := h.AllStored(); len(objects) > 0 {
			c.Want(len(keys) == 1, "the encrypted object and nothing beside it", fmt.Sprintf("%d objects", len(keys)), objects...)
		}
		for _, r := range h.Stored(true) {
			looked := sealedMedia(c, r)
			c.Want(looked.Media != nil && !readable(c, looked), "an object that cannot be read as media", describeMedia(c, looked), r, looked)
		}
		for _, r := range h.Opened {
			if o := r.Opened; o.Error == "" {
				c.Want(o.Excerpts > 0 && o.Found == 0, "nothing of the decrypted file in the object", fmt.Sprintf("%d of %d excerpts", o.Found, o.Excerpts), r)
			}
		}
		for _, s := range slices.Concat(h.Seen, h.Hooks) {
			if facts.Final(s.Status()) {
				c.Want(s.Object["url"] == nil, "no download link beside the upload", s.Show("url"), s.At)
			}
		}
	}
}

// sealedMedia returns the forensics record of the encrypted object.
func sealedMedia(c *check.Case, object evidence.Record) (looked evidence.Record) {
	for _, r := range c.View.Scenario(object.Scenario).Records {
		if r.Media != nil && r.Media.SHA256 == object.Object.SHA256 {
			looked = r
		}
	}
	return looked
}

// readable reports whether the forensics could read any part of the bytes as media.
func readable(c *check.Case, r evidence.Record) bool {
	f, _ := c.File(r)
	return f.Transport || f.MP4() || len(f.Tracks) > 0
}

func describeMedia(c *check.Case, r evidence.Record) string {
	if r.Media == nil {
		return "not looked at"
	}
	f, _ := c.File(r)
	if f.Transport {
		return "a transport stream"
	}
	return content.FileKind(r, f) + ", tracks " + strings.Join(f.Tracks, ", ")
}

func tellsNoLength(c *check.Case) {
	for _, h := range encryptedArchives(c) {
		for _, s := range slices.Concat(h.Seen, h.Hooks) {
			n, ok := s.Whole("duration")
			c.Want(ok && n == 0, "duration 0", s.Status()+" with "+s.Show("duration"), s.At)
		}
	}
}

// passwordOpens checks that the file has the format of sources.md#encryption and holds what was published.
func passwordOpens(c *check.Case) {
	for _, h := range encryptedArchives(c) {
		for _, r := range h.Opened {
			if o := r.Opened; o.Error == "" {
				c.Want(o.Version == 1 && o.Algorithm == 1 && o.Mode == 1, "version, algorithm and mode 1 1 1", fmt.Sprint(o.Version, o.Algorithm, o.Mode), r)
			}
		}
	}
	edge := c.Limit("tolerance.stream-edge").Seconds()
	for _, x := range c.Decrypted() {
		bad := slices.ContainsFunc(x.Findings, func(f media.Finding) bool { return f.Kind == media.Undecodable || f.Kind == media.FrameCount })
		pictures := !x.Request.Asks("video") || x.Video != nil && x.Video.Entry == "avc1"
		c.Want(x.Transport && !bad && pictures && (x.Audio != nil || !x.Request.Asks("audio")),
			"a transport stream of H.264 and AAC, as far as they were asked for, that decodes from first to last frame", describeMedia(c, x.R)+content.Details(x.File), x.R)
		for i := range x.Pieces {
			c.Want(x.Delay(i).Seconds() <= edge, fmt.Sprintf("a file that begins within %.0f s", edge), fmt.Sprintf("%v late", x.Delay(i).Round(time.Millisecond)), x.R)
		}
		c.Want(x.Lacks() <= edge, fmt.Sprintf("a file that ends with the archive, at most %.0f s early", edge), fmt.Sprintf("%.1f s are missing", x.Lacks()), x.R)
		for _, t := range x.Due {
			missing := t.Missing(x.Found(t), edge)
			ok := missing <= c.Limit("tolerance.blink").Seconds()
			if !c.Excused(ok, c.Limit("tolerance.stream-edge"), t) {
				c.Want(ok, fmt.Sprintf("%s %s from %.1f to %.1f s", t.Kind, t.Fixture, t.From, t.To), content.Describe(x.Found(t)), t.R, x.R)
			}
		}
	}
}

// passwordTold checks that a delivered archive has the same password in all answers and callbacks, and that an archive
// without encryption has none.
func passwordTold(c *check.Case) {
	for _, h := range encryptedArchives(c) {
		delivered := h.Delivered()
		for _, s := range delivered {
			want := delivered[0].Text("password")
			c.Want(s.Text("password") != "" && s.Text("password") == want, "the password of the file in every answer and callback", s.Show("password"), s.At)
		}
	}
	for _, h := range c.StartedArchives() {
		if c.TurnedOff(h) {
			for _, s := range h.Delivered() {
				c.Want(s.Object["password"] == nil || s.Object["password"] == "", "no password of a file that is not encrypted", s.Show("password"), s.At)
			}
		}
	}
}

// badCertificates needs a target that accepts a proper certificate.
func badCertificates(c *check.Case) {
	var accepted []evidence.Record
	calls := c.Calls(evidence.SetArchiveStorage)
	for _, r := range calls {
		if c.Sound(r) && strings.HasSuffix(r.Label, ".certificate") && r.Exchange.Status() == 200 {
			accepted = append(accepted, r)
		}
	}
	for _, r := range calls {
		if !c.Sound(r) || !c.Certificate(r) || strings.HasSuffix(r.Label, ".certificate") {
			continue
		}
		if len(accepted) == 0 {
			c.Unproven("a refusal by a target that accepts a proper certificate", "no certificate was ever accepted", r)
			return
		}
		c.Status(r, 400)
	}
}

func turnedOff(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if !c.TurnedOff(h) {
			continue
		}
		for _, r := range h.Media {
			f, ok := c.File(r)
			c.Want(ok && f.MP4() && !f.Transport, "an MP4 file again", content.FileKind(r, f), r)
		}
	}
}
