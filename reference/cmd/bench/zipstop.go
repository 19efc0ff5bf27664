package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"reelcheck/reference/cmd/bench/internal/media"
	domain "reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/storage"
)

const (
	zipCase    = "zip-stop"
	zipStreams = 8
	zipMinutes = "60"
)

// zipStop measures the time from the stop of a recording with many streams to its individual archive in the built-in
// cloud. It compares that with a plain copy of the file on the same disk. The live part of the archive's work follows
// the recording.
func (b bench) zipStop(ctx context.Context, minutes string) error {
	inputs, err := media.Inputs(ctx, b.cache, zipStreams, media.VGA)
	if err != nil {
		return err
	}
	var loops []media.Loop
	for _, in := range inputs {
		l, err := in.Loop()
		if err != nil {
			return err
		}
		loops = append(loops, l)
	}
	return eachLength(minutes, func(minutes float64, length time.Duration) error { return b.zip(ctx, loops, minutes, length) })
}

func (b bench) zip(ctx context.Context, loops []media.Loop, minutes float64, length time.Duration) (err error) {
	dir, err := os.MkdirTemp(b.dir, zipCase+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cloud, err := storage.OpenCloud(filepath.Join(dir, "cloud"), func(string) time.Time { return time.Now() })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	r, err := record(filepath.Join(dir, "journal"), loops...)
	if err != nil {
		return err
	}
	a := domain.Archive{ID: archive, ApplicationID: "bench", SessionID: "bench", OutputMode: domain.Individual, CreatedAt: r.zero.Time()}
	f, err := r.follow(ctx, length, func(ctx context.Context, progress func(av.Instant)) error {
		out := filepath.Join(dir, "archive")
		o := capture.Options{HasAudio: true, HasVideo: true, Progress: progress}
		if err := capture.Survey(ctx, r.journal, archive, o, out, slog.Default()); err != nil {
			return err
		}
		return store(ctx, cloud, a, r, out)
	})
	if err != nil {
		return err
	}
	stored := filepath.Join(dir, "cloud", "files", filepath.FromSlash(storage.Key(a)))
	size, err := checkZIP(stored)
	if err != nil {
		return err
	}
	copied, err := copyFile(stored, filepath.Join(dir, "copy"))
	if err != nil {
		return err
	}
	took := f.done.Sub(f.stopped)
	fmt.Fprintf(b.out, "bench: case="+zipCase+" minutes=%g streams=%d seconds=%.3f copy_seconds=%.3f ratio=%.3f size_mb=%.1f recorded_in_s=%.1f\n",
		minutes, zipStreams, took.Seconds(), copied.Seconds(), took.Seconds()/copied.Seconds(), float64(size)/1e6, f.stopped.Sub(f.began).Seconds())
	return r.journal.Close()
}

// store puts the archive of a plan into the cloud.
func store(ctx context.Context, cloud *storage.Cloud, a domain.Archive, r *recording, plan string) error {
	p, err := capture.Load(plan)
	if err != nil {
		return err
	}
	file, err := p.Open(ctx, a, r.journal, slog.Default())
	if err != nil {
		return err
	}
	_, err = cloud.Put(ctx, a, file)
	return errors.Join(err, file.Close())
}

// checkZIP returns the size of an archive. It fails unless the archive has a manifest and a file for every stream.
func checkZIP(name string) (size int64, err error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	if n := len(z.File); n != zipStreams+1 {
		return 0, fmt.Errorf("%d files in the archive of %d streams", n, zipStreams)
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// copyFile copies a file byte by byte, not by reference, until it is on disk. It returns the time that took.
func copyFile(from, to string) (time.Duration, error) {
	source, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer source.Close()
	began := time.Now()
	target, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	err = pour(target, source)
	if err = errors.Join(err, target.Sync(), target.Close()); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// pour copies in large pieces through memory, so that the kernel takes no shortcut that we cannot take.
func pour(to io.Writer, from io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 1<<20))
	return err
}
