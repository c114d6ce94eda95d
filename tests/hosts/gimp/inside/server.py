# SPDX-License-Identifier: Apache-2.0
"""Remove Background by a running server, which the test kills in the middle of the second job.

FOLDER (environment): gets server.json.
"""

import json
import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

reported = {}
image = photo()
remove(image)
reported["mask"] = image.layers[0].mask is not None
reported["own processes"] = jobs_done()
pdb.gimp_image_delete(image)

image = photo()
pdb.gimp_image_scale(image, 5000, 3750)
pdb.gimp_image_clean_all(image)
try:
    remove(image)
    reported["gone"] = "no failure"
except RuntimeError as why:
    reported["gone"] = str(why)
reported["unharmed"] = [image.layers[0].mask is None, not pdb.gimp_image_is_dirty(image)]

with open(os.path.join(FOLDER, "server.json"), "w") as out:
    json.dump(reported, out)
