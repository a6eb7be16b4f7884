package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// A Service is what a file describes, in YAML or in JSON, which is YAML too:
//
//	name: orders
//	grace: 25s          # optional: a limit to warn of
//	limit: 8            # optional: how many drops run at a time
//	guards:
//	  - name: postgres
//	    drop: 40ms
//	  - name: api
//	    drop: 100ms..300ms   # drawn anew for every round, the same for all schedules
//	    uses: [postgres]
type Service struct {
	Name   string   `yaml:"name"`
	Grace  Duration `yaml:"grace"`
	Limit  int      `yaml:"limit"`
	Guards []Guard  `yaml:"guards"` // once parsed: what one uses comes before it
}

// A Guard is one thing that the service drops.
type Guard struct {
	Name string   `yaml:"name"`
	Drop Span     `yaml:"drop"`
	Uses []string `yaml:"uses"`
}

// Duration is written as "1.5s".
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(text []byte) error {
	t, err := duration(unquote(text))
	*d = Duration(t)
	return err
}

// A Span is how long a drop takes: from Lo to Hi, both included. It is written
// as "40ms" or "10ms..40ms".
type Span struct{ Lo, Hi time.Duration }

// UnmarshalYAML reads a span.
func (s *Span) UnmarshalYAML(text []byte) (err error) {
	lo, hi, ranged := strings.Cut(unquote(text), "..")
	if s.Lo, err = duration(lo); err != nil {
		return err
	}
	if s.Hi = s.Lo; ranged {
		if s.Hi, err = duration(hi); err != nil {
			return err
		}
	}
	if s.Hi < s.Lo {
		return fmt.Errorf("%v..%v runs backwards", s.Lo, s.Hi)
	}
	return nil
}

func unquote(text []byte) string { return strings.Trim(string(bytes.TrimSpace(text)), `"'`) }

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is no duration such as 40ms or 1.5s", text)
	}
	if d < 0 {
		return 0, fmt.Errorf("%v is negative", d)
	}
	return d, nil
}

// draw draws a time from the span.
func (s Span) draw(r *rand.Rand) time.Duration {
	return s.Lo + time.Duration(r.Int64N(int64(s.Hi-s.Lo)+1))
}

// Parse reads a service. Its guards may be in any order in the file.
func Parse(r io.Reader) (*Service, error) {
	s := new(Service)
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(s); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty")
		}
		return nil, errors.New(yaml.FormatError(err, false, false))
	}
	if s.Name == "" {
		s.Name = "service"
	}
	if s.Limit < 0 {
		return nil, fmt.Errorf("limit %d is negative", s.Limit)
	}
	return s, s.order()
}

// order checks the guards and puts what one uses before it, and otherwise leaves
// them as they are.
func (s *Service) order() error {
	if len(s.Guards) == 0 {
		return errors.New("no guards")
	}
	byName := make(map[string]int, len(s.Guards))
	for i, g := range s.Guards {
		if g.Name == "" {
			return fmt.Errorf("guard %d has no name", i+1)
		}
		if _, taken := byName[g.Name]; taken {
			return fmt.Errorf("two guards are called %q", g.Name)
		}
		byName[g.Name] = i
	}
	for _, g := range s.Guards {
		for _, u := range g.Uses {
			if _, ok := byName[u]; !ok {
				return fmt.Errorf("%q uses %q, which is no guard", g.Name, u)
			}
		}
	}
	w := walk{service: s, byName: byName, state: make([]state, len(s.Guards))}
	for i := range s.Guards {
		if err := w.visit(i, nil); err != nil {
			return err
		}
	}
	s.Guards = w.ordered
	return nil
}

// A walk goes through the guards, what one uses first.
type walk struct {
	service *Service
	byName  map[string]int
	state   []state
	ordered []Guard
}

type state uint8

const (
	unseen state = iota
	entered
	done // terminal
)

func (w *walk) visit(i int, path []string) error {
	g := w.service.Guards[i]
	path = append(path, g.Name)
	switch w.state[i] {
	case done:
		return nil
	case entered:
		return fmt.Errorf("dependency cycle: %s", strings.Join(path[slices.Index(path, g.Name):], " -> "))
	}
	w.state[i] = entered
	for _, u := range g.Uses {
		if err := w.visit(w.byName[u], path); err != nil {
			return err
		}
	}
	w.state[i] = done
	w.ordered = append(w.ordered, g)
	return nil
}
