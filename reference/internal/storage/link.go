package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"reelcheck/reference/internal/archive"
)

const (
	// LinkPath is the path below which [Cloud] serves its links.
	LinkPath = "/cloud/"
	// LinkLife is how long a link is valid, in policy time.
	LinkLife = 10 * time.Minute // ARC-URL-04, ARC-URL-05
)

// Link returns the path and query of a new download link for the file of a.
func (c *Cloud) Link(a archive.Archive) string {
	key := Key(a)
	expires := strconv.FormatInt(c.now(a.ApplicationID).Add(LinkLife).UnixMilli(), 10) // ARC-URL-06
	query := url.Values{"expires": {expires}, "signature": {c.sign(key, expires)}}
	return (&url.URL{Path: LinkPath + key, RawQuery: query.Encode()}).String()
}

func (c *Cloud) sign(key, expires string) string {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(key + "\n" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// ServeHTTP answers GET and HEAD of a link: 403 if it is forged or older than [LinkLife], 404 if the file does not exist. Errors are plain text
// (openapi.yaml), not those of the API: whoever opens a link has no token and may be a person with a browser.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	key := strings.TrimPrefix(r.URL.Path, LinkPath)
	query := r.URL.Query()
	if !c.admits(key, query.Get("expires"), query.Get("signature")) { // ARC-URL-04, ARC-URL-08
		http.Error(w, "the link is not valid or has expired; read the archive again for a new one", http.StatusForbidden)
		return
	}
	file, info, err := c.open(key)
	if errors.Is(err, os.ErrNotExist) { // ARC-DEL-09, ARC-URL-10
		http.Error(w, "the file is no longer available", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "video/mp4")
	if path.Ext(key) == ".zip" {
		w.Header().Set("Content-Type", "application/zip")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(path.Base(key)))
	http.ServeContent(w, r, path.Base(key), info.ModTime(), file) // ARC-URL-03
}

// admits reports whether a link is valid. It compares the signature in constant time, before it looks at the expiry.
func (c *Cloud) admits(key, expires, signature string) bool {
	if !hmac.Equal([]byte(signature), []byte(c.sign(key, expires))) { // ARC-URL-08
		return false
	}
	ms, err := strconv.ParseInt(expires, 10, 64)
	applicationID, _, _ := strings.Cut(key, "/")
	return err == nil && c.now(applicationID).UnixMilli() < ms // ARC-URL-04, ARC-URL-05
}
