package individual

import (
	"fmt"

	"reelcheck/conformance/check"
	"reelcheck/conformance/facts"
)

// refusedOrSealed checks that an individual archive of an application with a certificate is refused, or delivered like
// other encrypted ones.
func refusedOrSealed(c *check.Case) {
	for _, a := range c.Starts {
		if !a.Clean() || !a.Individual() || !c.InForce(a.Record) || !c.StartsAtAll(a.Record) {
			continue
		}
		if a.Exchange.Status() != 200 {
			c.Refused(a.Record)
			continue
		}
		o, _ := c.Decode(facts.AnswerText(a.Record))
		h := c.ByID[o.Text("id")]
		if h == nil || len(h.Stored(true)) == 0 {
			c.Blocked("an encrypted object", "nothing was delivered", a.Record)
			continue
		}
		sealed(c, h)
		passwords(c, h)
	}
}

// sealed checks that there is one object, which is not a ZIP and holds nothing of the ZIP that the private key decrypts
// (ARC-SEC-06).
func sealed(c *check.Case, h *facts.History) {
	keys := map[string]bool{}
	for _, r := range h.AllStored() {
		keys[r.Object.Key] = true
	}
	c.Want(len(keys) == 1, "the encrypted object and nothing beside it", fmt.Sprintf("%d objects", len(keys)), h.AllStored()...)
	for _, r := range h.Stored(true) {
		looked, entries := inside(c, r.Scenario, r.Object.SHA256)
		c.Want(looked && entries == 0, "an object that cannot be read as a ZIP", shown(looked, entries), r)
	}
	if len(h.Opened) == 0 {
		c.Wrong("an object that the holder of the private key can decrypt", "nothing was decrypted", h.Stored(true)...)
	}
	for _, r := range h.Opened {
		o := r.Opened
		ok := o.Error == "" && o.Version == 1 && o.Algorithm == 1 && o.Mode == 1 && o.Excerpts > 0 && o.Found == 0
		c.Want(ok, "an object that the holder of the private key can decrypt, version, algorithm and mode 1 1 1, with nothing of the decrypted file in it",
			fmt.Sprintf("%s %d %d %d, %d of %d excerpts", o.Error, o.Version, o.Algorithm, o.Mode, o.Found, o.Excerpts), r)
		looked, entries := inside(c, r.Scenario, o.Plain)
		c.Want(looked && entries > 0, "a ZIP when it is decrypted", shown(looked, entries), r)
	}
}

// passwords checks that the delivered archive has one password in all answers and callbacks (ARC-SEC-07).
func passwords(c *check.Case, h *facts.History) {
	delivered := h.Delivered()
	if len(delivered) == 0 {
		c.Wrong("an archive that tells its password", "it was not delivered", h.Start)
	}
	for _, s := range delivered {
		c.Want(s.Text("password") != "" && s.Text("password") == delivered[0].Text("password"), "the password of the file in every answer and callback", s.Show("password"), s.At)
	}
}

// inside returns how many ZIP entries were found in the bytes, and whether they were searched.
func inside(c *check.Case, scenario, sha string) (looked bool, entries int) {
	for _, r := range c.View.Scenario(scenario).Individual().Records {
		if z, ok := c.Zip(r); ok && r.Individual.SHA256 == sha {
			looked, entries = true, len(z.Entries)
		}
	}
	return looked, entries
}

func shown(looked bool, entries int) string {
	if !looked {
		return "not looked at"
	}
	return fmt.Sprintf("%d entries", entries)
}
