#include "tests/server/test_request.h"

namespace ruyi {

v1::GenerateVideoRequest SmallRequest() {
  v1::GenerateVideoRequest request;
  request.add_start_images()->set_data("image 640x384");
  request.mutable_size()->set_width(256);
  request.mutable_size()->set_height(256);
  request.set_frame_count(8);
  request.set_steps(3);
  return request;
}

}  // namespace ruyi
