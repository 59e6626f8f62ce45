#pragma once
#include "core/json/json_file.h"
