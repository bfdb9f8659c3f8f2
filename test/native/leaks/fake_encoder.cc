#include "fake_encoder.h"

#include <gst/gst.h>

#include <cstdlib>
#include <initializer_list>

std::atomic<bool> FakeEncoder::opens{true};
std::atomic<bool> FakeEncoder::starts{true};
std::atomic<int> FakeEncoder::key_frames_forced{0};
std::atomic<int> FakeEncoder::bitrate{0};

namespace {

struct Encoder {
  GstBin parent;
  GstElement* x264;
  GstStructure* controls;
};

struct EncoderClass {
  GstBinClass parent;
};

GstElementClass* parent_class = nullptr;

void Apply(Encoder* encoder, const GstStructure* controls) {
  int value = 0;
  if (gst_structure_get_int(controls, "video_bitrate", &value)) {
    FakeEncoder::bitrate = value;
    g_object_set(encoder->x264, "bitrate", static_cast<guint>(value / 1000), nullptr);
  }
  if (gst_structure_get_int(controls, "force_key_frame", &value)) FakeEncoder::key_frames_forced++;
}

void SetProperty(GObject* object, guint, const GValue* value, GParamSpec*) {
  auto* encoder = reinterpret_cast<Encoder*>(object);
  if (encoder->controls != nullptr) gst_structure_free(encoder->controls);
  encoder->controls = gst_structure_copy(gst_value_get_structure(value));
  if (GST_STATE(object) >= GST_STATE_READY) Apply(encoder, encoder->controls);
}

void GetProperty(GObject* object, guint, GValue* value, GParamSpec*) {
  auto* encoder = reinterpret_cast<Encoder*>(object);
  if (encoder->controls != nullptr) gst_value_set_structure(value, encoder->controls);
}

GstStateChangeReturn ChangeState(GstElement* element, GstStateChange change) {
  auto* encoder = reinterpret_cast<Encoder*>(element);
  if (change == GST_STATE_CHANGE_NULL_TO_READY) {
    if (!FakeEncoder::opens) return GST_STATE_CHANGE_FAILURE;
    if (encoder->controls != nullptr) Apply(encoder, encoder->controls);
  }
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !FakeEncoder::starts) {
    GST_ELEMENT_ERROR(element, RESOURCE, SETTINGS, ("The driver refuses"), (nullptr));
    return GST_STATE_CHANGE_FAILURE;
  }
  return parent_class->change_state(element, change);
}

void Finalize(GObject* object) {
  auto* encoder = reinterpret_cast<Encoder*>(object);
  if (encoder->controls != nullptr) gst_structure_free(encoder->controls);
  G_OBJECT_CLASS(parent_class)->finalize(object);
}

void InitClass(gpointer klass, gpointer) {
  parent_class = GST_ELEMENT_CLASS(g_type_class_peek_parent(klass));
  GST_ELEMENT_CLASS(klass)->change_state = ChangeState;
  G_OBJECT_CLASS(klass)->set_property = SetProperty;
  G_OBJECT_CLASS(klass)->get_property = GetProperty;
  G_OBJECT_CLASS(klass)->finalize = Finalize;
  g_object_class_install_property(
      G_OBJECT_CLASS(klass), 1,
      g_param_spec_boxed("extra-controls", "", "", GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)));
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "fake", "Codec/Encoder/Video", "fake", "roverd");
}

void InitInstance(GTypeInstance* instance, gpointer) {
  auto* encoder = reinterpret_cast<Encoder*>(instance);
  encoder->controls = nullptr;
  encoder->x264 = gst_element_factory_make("x264enc", nullptr);
  gst_util_set_object_arg(G_OBJECT(encoder->x264), "tune", "zerolatency");
  gst_util_set_object_arg(G_OBJECT(encoder->x264), "speed-preset", "ultrafast");
  gst_bin_add(GST_BIN(encoder), encoder->x264);
  for (const char* name : {"sink", "src"}) {
    GstPad* pad = gst_element_get_static_pad(encoder->x264, name);
    gst_element_add_pad(GST_ELEMENT(encoder), gst_ghost_pad_new(name, pad));
    gst_object_unref(pad);
  }
}

}  // namespace

void FakeEncoder::Register() {
  const GTypeInfo info = {sizeof(EncoderClass), nullptr, nullptr,      InitClass, nullptr,
                          nullptr,              sizeof(Encoder), 0, InitInstance, nullptr};
  const GType type = g_type_register_static(GST_TYPE_BIN, "RoverdFakeEncoder", &info, static_cast<GTypeFlags>(0));
  if (!gst_element_register(nullptr, "v4l2h264enc", GST_RANK_NONE, type)) std::abort();
}
