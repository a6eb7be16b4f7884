package record // exports versionIn: a test binary has its own build information and no other

var VersionIn = versionIn
