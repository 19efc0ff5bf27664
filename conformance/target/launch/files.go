package launch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// ReadFile reads a target file, and the files of credentials that it names, so that a run does not end for want of one. A target that is
// launched may make those files itself.
func ReadFile(path string) (config.File, error) {
	f, err := config.ReadFile(path)
	if err != nil {
		return f, err
	}
	if err := readable(f); err != nil {
		return f, fmt.Errorf("target file %q: %w", path, err)
	}
	return f, nil
}

func readable(f config.File) error {
	var errs []error
	check := func(member string, c config.Credentials) {
		field := ".privateKeyFile"
		if c.File != "" {
			field = ".file"
		}
		app, err := target.NewApp(c)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s%s: %w", member, field, err))
			return
		}
		given := map[string]bool{"applicationId": app.ID != "", "privateKeyFile": app.PrivateKey != nil, "apiKey": app.APIKey != "", "apiSecret": app.APISecret != ""}
		if lacks := f.Lacking(strings.TrimPrefix(member, "applications."), func(key string) bool { return given[key] }); c.File != "" && len(lacks) > 0 {
			errs = append(errs, fmt.Errorf("%s%s: %s lacks %s", member, field, c.File, strings.ReplaceAll(strings.Join(lacks, ", "), "privateKeyFile", "privateKey")))
		}
	}
	if f.Launch == nil {
		if f.Credentials != nil {
			check("credentials", *f.Credentials)
		}
		for _, role := range slices.Sorted(maps.Keys(f.Applications)) {
			check("applications."+role, f.Applications[role])
		}
	}
	if page := f.Publisher.Browser.Page; page != "" && f.Publisher.Driver == config.BrowserDriver {
		if _, err := bounded.File(page, config.PageLimit); err != nil {
			errs = append(errs, fmt.Errorf("publisher.browser.page: %w", err))
		}
	}
	return errors.Join(errs...)
}
