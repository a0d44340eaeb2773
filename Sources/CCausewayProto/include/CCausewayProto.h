/* C code that tools/protos makes from proto/, and what makes it safe to run on bytes from outside. */
#pragma once

#include "arena.h"
#include "descriptors.h"
#include "inspect.h"
