package schedule_test

import (
	"testing"

	"github.com/ebb-go/ebb/internal/schedule"
)

// Every schedule is found by its name, and no two have the same one.
func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range schedule.All() {
		if name := s.String(); seen[name] || schedule.Of(name) != s || !s.Valid() {
			t.Errorf("schedule %d: name %q is that of %v", s, name, schedule.Of(name))
		}
		seen[s.String()] = true
		if s.HasWaves() && s.IsLine() {
			t.Errorf("%v has waves and is a line", s)
		}
	}
	if len(seen) < 3 {
		t.Errorf("schedules %v", seen)
	}
}

func TestNoSchedule(t *testing.T) {
	s := schedule.Schedule(len(schedule.All()))
	if s.Valid() || s.String() != "unknown" || s.HasWaves() || s.IsLine() {
		t.Errorf("%d: valid %v, name %q", s, s.Valid(), s)
	}
	for _, name := range []string{"", "unknown", "Eager"} {
		if got := schedule.Of(name); got != schedule.Waves {
			t.Errorf("the word %q is read as %v", name, got)
		}
	}
}
